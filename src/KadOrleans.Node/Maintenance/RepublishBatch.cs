namespace KadOrleans.Node.Maintenance;

/// <summary>Values that were requested together. Safe for several threads.</summary>
/// <param name="ended">Called once, when all have ended.</param>
internal sealed class RepublishBatch(Action ended)
{
    // One for those who still add values.
    private int _open = 1;
    private int _republished;
    private int _published;

    /// <summary>Held values that were sent.</summary>
    public int Republished => _republished;

    /// <summary>Publications that were sent.</summary>
    public int Published => _published;

    /// <summary>Adds a value.</summary>
    public void Begin() => Interlocked.Increment(ref _open);

    /// <summary>Counts a held value that was sent.</summary>
    public void CountRepublished() => Interlocked.Increment(ref _republished);

    /// <summary>Counts a publication that was sent.</summary>
    public void CountPublished() => Interlocked.Increment(ref _published);

    /// <summary>Ends a value, or the adding of values. Returns whether it was the last.</summary>
    public bool End()
    {
        if (Interlocked.Decrement(ref _open) > 0)
        {
            return false;
        }

        ended();
        return true;
    }
}
