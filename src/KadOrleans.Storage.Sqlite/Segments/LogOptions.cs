namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>Sizes of the log, all in bytes of records. Tests take small ones.</summary>
internal sealed record LogOptions
{
    /// <summary>
    /// A segment is closed once it is this long. It is what is read and copied at once, and the larger it is, the fewer
    /// there are.
    /// </summary>
    public int SegmentBytes { get; init; } = 128 * 1024;

    /// <summary>Obsolete records that are not worth collecting: a small log is not copied again and again.</summary>
    public long SlackBytes { get; init; } = 4 << 20;
}
