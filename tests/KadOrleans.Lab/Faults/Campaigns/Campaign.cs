namespace KadOrleans.Lab;

/// <summary>Overwrites keys through several edges while faults befall silos, edges and the database, and judges each key after each fault.</summary>
public sealed class Campaign : IAsyncDisposable
{
    private static readonly TimeSpan ProbeWait = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly CampaignOptions _options;
    private readonly FaultyCluster _cluster;
    private readonly ProgressLog _log;
    private readonly Random _random;
    private readonly KeyOverwrites _keys;
    private readonly List<UdpAsker> _probing;
    private readonly List<EdgeProbes> _probes;
    private readonly List<Task> _running = [];
    private CampaignCounts _counted;

    private Campaign(CampaignOptions options, FaultyCluster cluster, ProgressLog log)
    {
        (_options, _cluster, _log) = (options, cluster, log);
        _random = new Random(options.Seed);
        _keys = new KeyOverwrites(
            cluster.EdgeAddresses,
            source: 20,
            new OverwritePace(options.Keys, Patience, options.Pace) { AreItems = options.AreItems },
            _clock,
            _random,
            log);
        _probing = [.. cluster.EdgeAddresses.Select(edge => new UdpAsker(edge, source: 22, answersPings: true))];
        _probes = _probing.ConvertAll(edge => new EdgeProbes(edge, _clock, _stop.Token));
    }

    public static async Task<IReadOnlyList<FaultRow>> RunAsync(CampaignOptions options, ProgressLog log, CancellationToken cancellationToken)
    {
        await using var cluster = await FaultyCluster.StartAsync(options.Shape, log);
        await using var campaign = new Campaign(options, cluster, log);
        return await campaign.RunAsync(cancellationToken);
    }

    /// <returns>0 if nothing was lost or undone and all became healthy after each fault, else 1.</returns>
    public static async Task<int> RunAsync(OptionReader given, CommandIo io, CancellationToken cancellationToken)
    {
        var options = CampaignOptions.Read(given);
        var rows = await RunAsync(options, new ProgressLog(io.Error), cancellationToken);
        await io.Output.WriteLineAsync($"{options.Shape.Storage}, {options.Shape.Silos} silos, {options.Shape.Edges} edges, {options.Keys} keys, seed {options.Seed}.");
        CampaignTable.Write(io.Output, rows);
        return rows.All(row => row.IsGood) ? 0 : 1;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keys.DisposeAsync();
        await Task.WhenAll(_running);
        foreach (var calls in _probing)
        {
            await calls.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task<IReadOnlyList<FaultRow>> RunAsync(CancellationToken cancellationToken)
    {
        _running.AddRange(_probes.Select(probes => probes.RunAsync()));
        await BecomesHealthyAsync(cancellationToken);
        var silo = (SiloServer)_cluster.Silos[0].Server;
        await _options.AtStart(silo);
        _keys.Start();
        var members = new FaultMembers(_cluster.Silos.Count, _cluster.Edges.Count, _cluster.Storage.Faults.Keys);
        var rows = new List<FaultRow>();
        foreach (var fault in FaultPlan.Create(_options.Seed, _options.Faults, members, _options.LongestFreeze))
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (2 * _random.NextDouble())), cancellationToken);
            var row = await BefallAsync(fault, cancellationToken);
            rows.Add(row);
            Tell(rows.Count, row);
        }

        await _options.AtEnd(silo);
        return rows;
    }

    private async Task<FaultRow> BefallAsync(Fault fault, CancellationToken cancellationToken)
    {
        _probes.ForEach(probes => probes.Silence.Begin(_clock.Elapsed));
        var (beginAsync, endAsync) = fault.ActionsOn(_cluster);
        await beginAsync();
        try
        {
            await RestSomeAsync(fault.Duration, cancellationToken);
        }
        finally
        {
            await endAsync();
        }

        var end = _clock.Elapsed;
        var isHealthy = await BecomesHealthyAsync(cancellationToken);
        var healthy = _clock.Elapsed;
        var silence = SilenceWithout(fault);
        isHealthy &= await AllRestAsync(cancellationToken);
        var check = await _keys.CheckAsync();
        var (before, after) = (_counted, Counts());
        _counted = after;
        _keys.GoOn();
        return new FaultRow(
            fault.Kind.ToString().ToLowerInvariant(),
            fault.TargetName,
            fault.Duration.TotalSeconds,
            Math.Round((healthy - end).TotalSeconds, 1),
            isHealthy,
            after - before,
            check,
            silence);
    }

    // Half of the keys are not written from some moment of the fault on. In the others an old value that comes back would be overwritten.
    private async Task RestSomeAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var end = _clock.Elapsed + duration;
        var resting = _keys.Writers.Where(_ => _random.Next(2) == 0)
            .Select(writer => (Writer: writer, At: _clock.Elapsed + (duration * _random.NextDouble())))
            .OrderBy(rest => rest.At)
            .ToArray();
        foreach (var (writer, at) in resting)
        {
            await UntilAsync(at, cancellationToken);
            _ = writer.RestAsync();
        }

        await UntilAsync(end, cancellationToken);
    }

    private async Task<bool> AllRestAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _keys.RestAsync().WaitAsync(FaultyCluster.LongestToHealth, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            _log.Tell($"Not each key had a STORE acknowledged within {FaultyCluster.LongestToHealth.TotalMinutes} minutes.");
            return false;
        }
    }

    private Task UntilAsync(TimeSpan time, CancellationToken cancellationToken) =>
        time > _clock.Elapsed ? Task.Delay(time - _clock.Elapsed, cancellationToken) : Task.CompletedTask;

    private async Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken)
    {
        var isHealthy = await _cluster.BecomesHealthyAsync(FindRefusalAsync, cancellationToken);

        // An edge without contacts says so, and serves: of two edges, each is the other's only contact.
        if (await _cluster.FindObstacleAsync(_cluster.Edges, cancellationToken) is { } note)
        {
            _log.Tell($"{note.Trim()}");
        }

        return isHealthy;
    }

    private async Task<string?> FindRefusalAsync()
    {
        var refused = await Task.WhenAll(_probes.Select(probes => probes.CountRefusedAsync(ProbeWait)));
        return Array.Exists(refused, count => count > 0) ? $"By edge, {string.Join(", ", refused)} probed keys were not stored." : null;
    }

    private Dictionary<string, double> SilenceWithout(Fault fault)
    {
        var others = _probes.Where((_, i) => fault.Target != FaultTarget.Edge || fault.Index != i).Select(probes => probes.Silence).ToArray();
        return CallKinds.All.ToDictionary(
            CallKinds.NameOf, kind => Math.Round(others.Select(silence => silence.Longest(kind, _clock.Elapsed).TotalSeconds).DefaultIfEmpty().Max(), 1));
    }

    private CampaignCounts Counts() => new(_keys.Acknowledged, _keys.Late, _keys.Stale, _cluster.Restarts);

    private void Tell(int number, FaultRow row) => _log.Tell(
        $"{number} of {_options.Faults}: {row.Kind} {row.Target} for {row.Seconds} s; healthy {(row.IsHealthy ? $"after {row.SecondsToHealth} s" : "never")}; "
        + $"{row.Acknowledged} acknowledged, {row.Check.Lost} lost, {row.Check.Undone} undone, {row.Counts.Stale} stale; "
        + $"silent {string.Join(", ", row.Silence.Select(pair => $"{pair.Key} {pair.Value}"))}");
}
