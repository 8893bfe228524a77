"""The camera of a browser, and what is seen of the video on the page Webcam."""

FAKE_CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"

# Every direct path between browser and server is closed.
NO_WAY = """
const Connection = RTCPeerConnection
window.RTCPeerConnection = class extends Connection {
    constructor(options) { super({...options, iceTransportPolicy: 'relay'}) }
}
"""

# What comes back: frames so far, pixels of the box's yellow (VP8 blurs colours), and the gray of both halves.
SEEN = """() => {
    const video = document.querySelector('video')
    if (!video?.videoWidth) return null
    const [width, height] = [video.videoWidth, video.videoHeight]
    const context = new OffscreenCanvas(width, height).getContext('2d')
    context.drawImage(video, 0, 0)
    const {data} = context.getImageData(0, 0, width, height)
    let [yellow, left, right] = [0, 0, 0]
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] > 190 && data[i + 1] > 150 && data[i + 2] < 110) yellow++
        if ((i / 4) % width < width / 2) left += data[i]
        else right += data[i]
    }
    return {frames: video.getVideoPlaybackQuality().totalVideoFrames, yellow, brighter: left > right ? 'left' : 'right'}
}"""


def video(page):
    """The frame that the video is in, and its buttons."""
    return page.wait_for_selector("iframe[title='streamlit_webrtc.component.webrtc_streamer']").content_frame()


def press(page, button):
    video(page).get_by_role("button", name=button, exact=True).click()


def wait_for(page, condition, *arguments):
    """Wait until what is seen of the video fulfils a JavaScript condition on `seen`; what is seen."""
    look = f"argument => {{ const seen = ({SEEN})(); return seen && ({condition}) && seen }}"
    return video(page).wait_for_function(look, arg=arguments).json_value()


def plays(page):
    """Frames come back, more and more of them, and on them a face is boxed."""
    before = wait_for(page, "seen.yellow > 500")
    wait_for(page, "seen.yellow > 500 && seen.frames > argument[0] + 10", before["frames"])
