using System.Net;

namespace KadOrleans.Lab;

/// <summary>
/// Keys that are overwritten and read through several edges, and the check that each has its last acknowledged or a later version.
/// </summary>
internal sealed class KeyOverwrites : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ProgressLog _log;
    private readonly List<UdpAsker> _writing;
    private readonly List<UdpAsker> _reading;
    private readonly List<KeyReader> _readers;
    private readonly List<Task> _running = [];

    /// <summary>Opens what it asks the edges by; nothing is sent before <see cref="Start"/>.</summary>
    public KeyOverwrites(
        IReadOnlyList<IPEndPoint> edges, byte source, OverwritePace pace, CampaignClock clock, Random random, ProgressLog log)
    {
        _log = log;
        _writing = [.. edges.Select(edge => new UdpAsker(edge, source, answersPings: true))];
        _reading = [.. edges.Select(edge => new UdpAsker(edge, (byte)(source + 1), answersPings: true))];
        Writers = [.. Enumerable.Range(0, pace.Keys).Select(key =>
            new KeyWriter(new KeyHistory(key), _writing, pace, clock, new Random(random.Next()), _stop.Token))];
        _readers = _reading.ConvertAll(edge => new KeyReader(Writers, edge, new Random(random.Next()), _stop.Token));
    }

    public IReadOnlyList<KeyWriter> Writers { get; }

    public int Acknowledged => Writers.Sum(writer => writer.History.Acknowledged);

    public int Late => Writers.Sum(writer => writer.History.Late);

    public int Stale => _readers.Sum(reader => reader.Stale);

    public void Start()
    {
        _running.AddRange(Writers.Select(writer => writer.RunAsync()));
        _running.AddRange(_readers.Select(reader => reader.RunAsync()));
    }

    /// <summary>Nothing is written after the next acknowledgement of each key. The task ends when all have theirs.</summary>
    public Task RestAsync() => Task.WhenAll(Writers.Select(writer => writer.RestAsync()));

    /// <summary>Judges what each edge has of each key, after <see cref="RestAsync"/>.</summary>
    public Task<CheckResult> CheckAsync() => new KeyCheck(_reading, _log).RunAsync(Writers);

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

/// <summary>
/// How keys are overwritten, each by one writer that pauses after each version. After its patience it gives a version up and sends the
/// next one to another edge. That is not less than an edge takes: 4 s.
/// </summary>
internal sealed record OverwritePace(int Keys, TimeSpan Patience, TimeSpan Pause);

/// <summary>Reads the written keys through one edge, one after another, and counts what is older than was acknowledged when it asked.</summary>
internal sealed class KeyReader(IReadOnlyList<KeyWriter> writers, UdpAsker edge, Random random, CancellationToken stop)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private int _stale;

    public int Stale => Volatile.Read(ref _stale);

    public async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var writer = writers[random.Next(writers.Count)];
            var acknowledged = writer.History.LastAcknowledged;
            try
            {
                var value = await edge.FindValueAsync(writer.Id).WaitAsync(Wait, stop);
                if (KeyVersion.Read(writer.History.Key, value) < acknowledged)
                {
                    Interlocked.Increment(ref _stale);
                }

                await Task.Delay(Pause, stop);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // No answer, or the campaign ended.
            }
        }
    }
}
