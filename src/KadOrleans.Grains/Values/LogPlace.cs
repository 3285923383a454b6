namespace KadOrleans.Grains.Values;

/// <summary>What a reader finds where a log record is expected.</summary>
internal enum LogPlace
{
    /// <summary>Nothing, or a record of an earlier round: the log ends here.</summary>
    Free,

    /// <summary>The record.</summary>
    Written,

    /// <summary>A later one, or one whose changes moved into the pages: the reader's manifest is old.</summary>
    Overtaken,
}
