namespace KadOrleans.Lab;

/// <summary>
/// Keys that are overwritten and read through several edges, and the check that each has its last acknowledged or a later version.
/// </summary>
public sealed class KeyOverwrites : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<UdpAsker> _writing;
    private readonly List<UdpAsker> _reading;
    private readonly List<KeyReader> _readers;
    private readonly List<Task> _running = [];

    /// <summary>Opens what it asks the edges by; nothing is sent before <see cref="Start"/>.</summary>
    public KeyOverwrites(
        IReadOnlyList<IPEndPoint> edges, byte source, OverwritePace pace, Stopwatch clock, Random random, ProgressLog log)
    {
        _writing = [.. edges.Select(edge => new UdpAsker(edge, source, answersPings: true))];
        _reading = [.. edges.Select(edge => new UdpAsker(edge, (byte)(source + 1), answersPings: true))];
        Writers = [.. Enumerable.Range(0, pace.Keys).Select(key =>
            new KeyWriter(new WriteHistory(key), _writing, pace, clock, new Random(random.Next()), _stop.Token))];
        _readers = [.. _reading.Select((edge, i) => new KeyReader(Writers, edge, i + 1, new Random(random.Next()), log, _stop.Token))];
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
    public async Task<CheckResult> CheckAsync()
    {
        var verdicts = await Task.WhenAll(Writers.Select(async writer =>
            (await Task.WhenAll(_readers.Select(reader => reader.JudgeAsync(writer)))).Max()));
        return new CheckResult(verdicts.Count(verdict => verdict == Verdict.Lost), verdicts.Count(verdict => verdict == Verdict.Undone));
    }

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
public sealed record OverwritePace(int Keys, TimeSpan Patience, TimeSpan Pause)
{
    /// <summary>Whether versions are signed items.</summary>
    public bool AreItems { get; init; }
}

/// <summary>Keys of which nothing is there, and those of which something older is there.</summary>
public readonly record struct CheckResult(int Lost, int Undone);

/// <summary>
/// Reads the written keys through one edge, one after another, and counts what is older than was acknowledged when it asked. At the end it
/// judges what is there.
/// </summary>
internal sealed class KeyReader(
    IReadOnlyList<KeyWriter> writers, UdpAsker edge, int number, Random random, ProgressLog log, CancellationToken stop)
{
    // An edge may answer with contacts where a shard is late, and a datagram may be lost: only what stays so is judged.
    private const int Attempts = 10;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PauseOfJudge = TimeSpan.FromMilliseconds(500);

    private int _stale;

    public int Stale => Volatile.Read(ref _stale);

    public async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var writer = writers[random.Next(writers.Count)];
            var acknowledged = writer.History.LastAcknowledged;
            if (KeyVersion.Read(writer.History.Key, (await ReadAsync(writer)).Value) < acknowledged)
            {
                Interlocked.Increment(ref _stale);
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    public async Task<Verdict> JudgeAsync(KeyWriter writer)
    {
        for (var attempt = 1; ; attempt++)
        {
            var acknowledged = writer.History.LastAcknowledged;
            var (value, isAnswered) = await ReadAsync(writer);
            var found = KeyVersion.Read(writer.History.Key, value);
            var verdict = WriteHistory.Judge(found, value.Kind == DhtValueKind.None, acknowledged);
            if (verdict == Verdict.Kept && isAnswered)
            {
                return verdict;
            }

            if (attempt == Attempts)
            {
                log.Tell($"{verdict} at edge {number}{(isAnswered ? string.Empty : ", no answer")}: {writer.History.Describe(found)}");
                return verdict == Verdict.Kept ? Verdict.Lost : verdict;
            }

            await Task.Delay(PauseOfJudge, CancellationToken.None);
        }
    }

    private async Task<(DhtValue Value, bool IsAnswered)> ReadAsync(KeyWriter writer)
    {
        try
        {
            return (await edge.FindValueAsync(writer.Id).WaitAsync(Wait, stop), true);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // No answer, or the campaign ended.
            return (default, false);
        }
    }
}
