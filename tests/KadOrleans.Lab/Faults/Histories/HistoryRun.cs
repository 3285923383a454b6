namespace KadOrleans.Lab;

/// <summary>Many clients write few keys under conditions, while faults happen; then each key's history is judged.</summary>
internal sealed class HistoryRun
{
    // A key whose history is longer, or has more ends in doubt, makes room for a new one.
    private const int LongestHistory = 5_000;
    private const int MostUnclear = HistoryChecker.MaxUnclear / 2;

    // As by a process that is not there.
    private const int PauseIfRejected = 5;

    private const int MostRepeats = 5;

    // A retry of a cluster comes after a failure and a pause.
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly IHistorySubject _subject;
    private readonly HistoryOptions _options;
    private readonly ProgressLog _log;

    // Guards the two below: all keys, and those that are written now.
    private readonly Lock _gate = new();
    private readonly List<HistoryKey> _all = [];
    private readonly HistoryKey[] _keys;
    private volatile bool _isOver;
    private long _lastCall;

    private HistoryRun(IHistorySubject subject, HistoryOptions options, ProgressLog log, TimeProvider time)
    {
        (_subject, _options, _log, _time, _start) = (subject, options, log, time, time.GetTimestamp());
        _keys = new HistoryKey[options.Keys];
        for (var i = 0; i < _keys.Length; i++)
        {
            _all.Add(_keys[i] = NewKey(i));
        }
    }

    /// <summary>Runs against a node or a cluster.</summary>
    public static async Task<HistoryReport> RunAsync(HistoryOptions options, ProgressLog log, CancellationToken cancellationToken)
    {
        await using IHistorySubject subject = options.Shape is { } shape
            ? await ClusterSubject.StartAsync(shape, options.Clients, options.LongestFreeze, log)
            : await NodeSubject.StartAsync(options.Clients, options.LongestFreeze);
        return await RunAsync(subject, options, log, TimeProvider.System, cancellationToken);
    }

    /// <returns>0 if no history contradicts and each could be judged, else 1.</returns>
    public static async Task<int> RunAsync(OptionReader given, CommandIo io, CancellationToken cancellationToken)
    {
        var options = HistoryOptions.Read(given);
        var log = new ProgressLog(io.Error);
        if (options.HasCuts && !MemberNetwork.IsInside)
        {
            if (await MemberNetwork.WhyNotAsync() is not { } obstacle)
            {
                return await MemberNetwork.RunAgainAsync(cancellationToken);
            }

            log.Tell($"The network is not cut. {obstacle}");
        }

        var report = await RunAsync(options, log, cancellationToken);
        if (options.Folder is { } folder)
        {
            report.WriteTo(Directory.CreateDirectory(folder).FullName);
        }

        await io.Output.WriteLineAsync(options.IsJson ? report.ToJson() : report.ToText());
        return report.IsGood ? 0 : 1;
    }

    public static Task<HistoryReport> RunAsync(
        IHistorySubject subject, HistoryOptions options, ProgressLog log, TimeProvider time, CancellationToken cancellationToken) =>
        new HistoryRun(subject, options, log, time).RunAsync(cancellationToken);

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    private async Task<HistoryReport> RunAsync(CancellationToken cancellationToken)
    {
        var isHealthy = await _subject.BecomesHealthyAsync(cancellationToken);
        Task[] clients = [.. _subject.Clients.Select((client, i) => CallAsync(client, i + 1))];
        var random = new Random(_options.Seed);
        var faults = _subject.Plan(_options.Seed, _options.Faults);
        try
        {
            foreach (var (number, fault) in faults.Index())
            {
                await Task.Delay(TimeSpan.FromSeconds(2 + (2 * random.NextDouble())), _time, cancellationToken);
                isHealthy &= await BefallAsync(number + 1, fault, cancellationToken);
            }

            await Task.Delay(TimeSpan.FromSeconds(3), _time, cancellationToken);
        }
        finally
        {
            // Nothing waits by it: a client makes its last call.
            _isOver = true;
            await Task.WhenAll(clients);
        }

        await ReadAllAsync();
        _log.Tell("All histories are recorded.");
        return new HistoryReport(_options, [.. All().Select(JudgedKey.Of)], faults.Count, isHealthy);
    }

    private async Task<bool> BefallAsync(int number, HistoryFault fault, CancellationToken cancellationToken)
    {
        var begin = Elapsed;
        await fault.Actions.BeginAsync();
        try
        {
            await Task.Delay(fault.Duration, _time, cancellationToken);
        }
        finally
        {
            await fault.Actions.EndAsync();
        }

        var isHealthy = await _subject.BecomesHealthyAsync(cancellationToken);
        var operations = All().Sum(key => key.Judged);
        _log.Tell(
            $"{number} of {_options.Faults}: {fault.Name} for {fault.Duration.TotalSeconds:F1} s from {begin.TotalSeconds:F3} s; "
            + $"{(isHealthy ? "healthy" : "not healthy")} at {Elapsed.TotalSeconds:F3} s; {operations} operations so far");
        return isHealthy;
    }

    private async Task CallAsync(IHistoryClient client, int number)
    {
        var random = new Random((_options.Seed * 1_000) + number);
        while (!_isOver)
        {
            var key = Choose(random.Next(_keys.Length));
            var end = await CallAsync(client, number, key, key.Draw(random, client));
            var pause = end.Outcome == OperationOutcome.Rejected ? PauseIfRejected * _options.Pace : _options.Pace;
            await Task.Delay(pause * (0.5 + random.NextDouble()), _time, CancellationToken.None);
        }
    }

    private async Task<CallEnd> CallAsync(IHistoryClient client, int number, HistoryKey key, HistoryCall call)
    {
        var (begin, before) = (Elapsed, _subject.StalenessOf(client, key));
        var result = await CallAsync(client, key, call);
        var (end, after) = (Elapsed, _subject.StalenessOf(client, key));
        var isWrite = call.Kind != OperationKind.Get;
        var mayRetry = _subject.Retries && !_options.IsStrict && (result.Outcome == OperationOutcome.Unclear || end - begin > ShortestRetry);
        if (call.Kind == OperationKind.Delete)
        {
            key.Add(Record(OperationKind.Unpublish, result.Unpublish));
        }

        key.Add(Record(call.Kind, result.Outcome));
        return result;

        Operation Record(OperationKind kind, OperationOutcome outcome) => new()
        {
            Client = number,
            Kind = kind,
            Value = isWrite ? call.Value : result.Value,
            Expected = call.Expected,
            Version = result.Version,
            Seq = isWrite ? call.Seq : result.Seq,
            ExpectedSeq = call.ExpectedSeq,
            Begin = begin,
            End = outcome == OperationOutcome.Unclear ? null : end,
            Outcome = outcome,
            Staleness = !isWrite || outcome == OperationOutcome.Refused ? TimeSpan.FromTicks(Math.Max(before.Ticks, after.Ticks)) : TimeSpan.Zero,
            MayRepeat = mayRetry && kind is OperationKind.Set or OperationKind.SetFor,
            MayHide = mayRetry && kind is OperationKind.SetFor,
            Way = client.Way,
        };
    }

    // A call under a condition whose end is unclear is made again under its id, some times: it finds its own success, or that nobody knows of it.
    private async Task<CallEnd> CallAsync(IHistoryClient client, HistoryKey key, HistoryCall call)
    {
        if (call.Kind is not (OperationKind.SetIf or OperationKind.DeleteIf))
        {
            return await client.CallAsync(key, call);
        }

        call = call with { CallId = Interlocked.Increment(ref _lastCall) };
        var end = await client.CallAsync(key, call);
        for (var repeats = 0; repeats < MostRepeats && end.Outcome == OperationOutcome.Unclear && !_isOver; repeats++)
        {
            await Task.Delay(PauseIfRejected * _options.Pace, _time, CancellationToken.None);

            // What was not sent this time may have been done before.
            end = await client.CallAsync(key, call) is { Outcome: not OperationOutcome.Rejected } again ? again : end;
        }

        return end;
    }

    // By each way, once all is healthy: what was acknowledged is there still.
    private async Task ReadAllAsync()
    {
        foreach (var (client, number) in _subject.Clients.Select((client, i) => (client, i + 1)).DistinctBy(pair => pair.client.Way))
        {
            await Task.WhenAll(All().Select(key => CallAsync(client, number, key, new HistoryCall(OperationKind.Get))));
        }
    }

    private IReadOnlyList<HistoryKey> All()
    {
        lock (_gate)
        {
            return [.. _all];
        }
    }

    private HistoryKey Choose(int place)
    {
        lock (_gate)
        {
            var key = _keys[place];
            if (key.Count >= LongestHistory || key.Unclear >= MostUnclear)
            {
                _all.Add(key = _keys[place] = NewKey(place));
            }

            return key;
        }
    }

    private HistoryKey NewKey(int place) => new(
        $"history-{_options.Seed}-{place}-{_all.Count}",
        (place % 10) switch
        {
            < 3 => HistoryKeyKind.Conditions,
            3 => HistoryKeyKind.Versions,
            4 => HistoryKeyKind.Sets,
            5 => HistoryKeyKind.Items,
            6 or 7 => HistoryKeyKind.Datagrams,
            _ => HistoryKeyKind.Lives,
        });
}
