using System.Net;
using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>
/// Keys that are overwritten and read through several edges, and the check that each has its last acknowledged or a later version.
/// </summary>
internal sealed class KeyOverwrites : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ProgressLog _log;
    private readonly List<EdgeCalls> _writing;
    private readonly List<EdgeCalls> _reading;
    private readonly List<KeyReader> _readers;
    private readonly List<Task> _running = [];

    /// <summary>Opens what it asks the edges by; nothing is sent before <see cref="Start"/>.</summary>
    /// <param name="edges">Where the edges listen.</param>
    /// <param name="source">The last number of the writers' address 127.0.0.x; the readers have the next.</param>
    /// <param name="pace">How many keys, and how fast.</param>
    /// <param name="clock">When versions are sent and acknowledged.</param>
    /// <param name="random">What chooses edges and keys.</param>
    /// <param name="log">Told of each key that is lost or undone.</param>
    public KeyOverwrites(
        IReadOnlyList<IPEndPoint> edges, byte source, OverwritePace pace, CampaignClock clock, Random random, ProgressLog log)
    {
        _log = log;
        _writing = [.. edges.Select(edge => new EdgeCalls(edge, source))];
        _reading = [.. edges.Select(edge => new EdgeCalls(edge, (byte)(source + 1)))];
        Writers = [.. Enumerable.Range(0, pace.Keys).Select(key =>
            new KeyWriter(new KeyHistory(key), _writing, pace, clock, new Random(random.Next()), _stop.Token))];
        _readers = _reading.ConvertAll(edge => new KeyReader(Writers, edge, new Random(random.Next()), _stop.Token));
    }

    /// <summary>One for each key.</summary>
    public IReadOnlyList<KeyWriter> Writers { get; }

    /// <summary>How many versions were acknowledged.</summary>
    public int Acknowledged => Writers.Sum(writer => writer.History.Acknowledged);

    /// <summary>How many of these only after a later version was sent.</summary>
    public int Late => Writers.Sum(writer => writer.History.Late);

    /// <summary>Answers with a version older than the last acknowledged one.</summary>
    public int Stale => _readers.Sum(reader => reader.Stale);

    /// <summary>Begins to write and to read.</summary>
    public void Start()
    {
        _running.AddRange(Writers.Select(writer => writer.RunAsync()));
        _running.AddRange(_readers.Select(reader => reader.RunAsync()));
    }

    /// <summary>Nothing is written after the next acknowledgement of each key. The task ends when all have theirs.</summary>
    public Task RestAsync() => Task.WhenAll(Writers.Select(writer => writer.RestAsync()));

    /// <summary>Judges what each edge has of each key, after <see cref="RestAsync"/>.</summary>
    public Task<CheckResult> CheckAsync() => new KeyCheck(_reading, _log).RunAsync(Writers);

    /// <summary>Writing goes on.</summary>
    public void GoOn()
    {
        foreach (var writer in Writers)
        {
            writer.GoOn();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        GoOn();
        await Task.WhenAll(_running);
        foreach (var calls in _writing.Concat(_reading))
        {
            await calls.DisposeAsync();
        }

        _stop.Dispose();
    }
}

/// <summary>How keys are overwritten.</summary>
/// <param name="Keys">How many, each by one writer.</param>
/// <param name="Patience">After this a writer gives a version up and sends the next one to another edge. Not less than an edge takes: 4 s.</param>
/// <param name="Pause">A writer's pause after each version.</param>
internal sealed record OverwritePace(int Keys, TimeSpan Patience, TimeSpan Pause);
