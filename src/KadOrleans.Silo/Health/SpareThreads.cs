namespace KadOrleans.Silo.Health;

/// <summary>
/// Threads for while storage is away. PostgreSQL's driver blocks one for each call that times out, as it asks the server to cancel
/// the call: as many calls as the pool has connections end at once, and without spare threads neither probes nor other silos would
/// be answered for some ten seconds.
/// </summary>
internal sealed class SpareThreads
{
    /// <summary>The most connections that the driver's pool has by default, and some more for all else.</summary>
    private const int Count = 128;

    private int? _usual;

    /// <summary>The pool makes up to <see cref="Count"/> threads without a pause. Not to be called again before <see cref="Return"/>.</summary>
    public void Lend()
    {
        ThreadPool.GetMinThreads(out var usual, out var completions);
        _usual = usual;
        ThreadPool.SetMinThreads(Math.Max(usual, Count), completions);
    }

    /// <summary>All is as before.</summary>
    public void Return()
    {
        if (_usual is { } usual)
        {
            ThreadPool.GetMinThreads(out _, out var completions);
            ThreadPool.SetMinThreads(usual, completions);
            _usual = null;
        }
    }
}
