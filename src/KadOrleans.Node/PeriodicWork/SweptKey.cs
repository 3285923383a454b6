namespace KadOrleans.Node;

/// <summary>A key of a sweep. Without a rule it is due at any age.</summary>
internal readonly record struct SweptKey(NodeId Key, Func<NodeId, StoredValue, bool>? IsDue, RepublishBatch Batch)
{
    /// <summary>How many keys of its region go out within an hour, if that is known; else those of the sweep count.</summary>
    public int? KeysNear { get; init; }

    /// <summary>Whether it goes out as one of this node's publications with others of its region, though it is not due by itself.</summary>
    public bool IsPublication { get; init; }

    /// <summary>Whether it was given by a schedule that gives it again as long as it is due.</summary>
    public bool IsOffered { get; init; }

    /// <summary>How far beyond its interval it was when it was found. Zero if that is not known.</summary>
    public TimeSpan Overdue { get; init; }

    /// <summary>What the keys of its region share; see <see cref="RepublishPolicy.GetRegionDepth"/>.</summary>
    public NodeId Region => Key.Prefix(Batch.Depth);
}
