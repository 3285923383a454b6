namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>One segment of the file, as memory knows it.</summary>
/// <param name="slot">Its place in the <see cref="SegmentTable"/>, by which keys refer to it.</param>
/// <param name="number">Its number in the file: the later it was committed, the higher.</param>
internal sealed class Segment(int slot, long number)
{
    public int Slot => slot;

    public long Number => number;

    /// <summary>Length of all its records.</summary>
    public int Bytes { get; private set; }

    /// <summary>Removals in it, which hide puts in older segments.</summary>
    public int Removals { get; private set; }

    /// <summary>Puts in it that are the latest of their keys.</summary>
    public int Live { get; private set; }

    /// <summary>Length of those.</summary>
    public int LiveBytes { get; private set; }

    /// <summary>Live puts that the current commit makes obsolete.</summary>
    public int Obsoleted { get; private set; }

    /// <summary>Length of those.</summary>
    public int ObsoletedBytes { get; private set; }

    /// <summary>Whether the current commit deletes it.</summary>
    public bool IsLeaving { get; set; }

    public Segment? Older { get; set; }

    public Segment? Newer { get; set; }

    /// <summary>Whether a restart needs nothing of it after the current commit.</summary>
    public bool IsDead => Live == Obsoleted && Removals == 0;

    public void AddPut(int length)
    {
        Bytes += length;
        LiveBytes += length;
        Live++;
    }

    public void AddObsolete(int length) => Bytes += length;

    public void AddRemoval(int length)
    {
        Bytes += length;
        Removals++;
    }

    public void MakeObsolete(int length)
    {
        Obsoleted++;
        ObsoletedBytes += length;
    }

    /// <summary>Ends the current commit.</summary>
    /// <param name="committed">Whether it was committed.</param>
    public void EndCommit(bool committed)
    {
        if (committed)
        {
            Live -= Obsoleted;
            LiveBytes -= ObsoletedBytes;
        }

        Obsoleted = 0;
        ObsoletedBytes = 0;
        IsLeaving = false;
    }
}
