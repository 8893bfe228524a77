"""Parts of the audit page: what it says, its galleries of copies, odd pictures and doubtful labels, and decisions."""
