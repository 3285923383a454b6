namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>What memory knows of one segment of the file.</summary>
/// <param name="slot">Its place in the <see cref="SegmentTable"/>, by which keys refer to it.</param>
/// <param name="number">Its number in the file: the later it was committed, the higher.</param>
internal sealed class Segment(int slot, long number)
{
    public int Slot => slot;

    public long Number => number;

    /// <summary>Length of all its records.</summary>
    public int Bytes { get; private set; }

    /// <summary>Removals in it, which hide what older segments may hold.</summary>
    public int Removals { get; private set; }

    /// <summary>Puts in it that are the latest of their keys.</summary>
    public int Live { get; private set; }

    /// <summary>Length of those.</summary>
    public int LiveBytes { get; private set; }

    /// <summary>Live puts that the commit under way makes obsolete.</summary>
    public int Dying { get; private set; }

    /// <summary>Length of those.</summary>
    public int DyingBytes { get; private set; }

    /// <summary>Whether the commit under way deletes it.</summary>
    public bool IsLeaving { get; set; }

    public Segment? Older { get; set; }

    public Segment? Newer { get; set; }

    /// <summary>Whether the commit under way leaves nothing in it that a restart needs.</summary>
    public bool IsDead => Live == Dying && Removals == 0;

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

    public void Die(int length)
    {
        Dying++;
        DyingBytes += length;
    }

    /// <summary>Ends the commit under way.</summary>
    /// <param name="happened">Whether what was dying is dead.</param>
    public void Settle(bool happened)
    {
        if (happened)
        {
            Live -= Dying;
            LiveBytes -= DyingBytes;
        }

        Dying = 0;
        DyingBytes = 0;
        IsLeaving = false;
    }
}
