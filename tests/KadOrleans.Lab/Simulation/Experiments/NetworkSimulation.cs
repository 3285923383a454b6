namespace KadOrleans.Lab;

/// <summary>
/// Builds a network of real nodes on virtual time, puts it to work, and reports how that went. The same settings give
/// the same report, whatever else the machine does.
/// </summary>
public sealed class NetworkSimulation
{
    private readonly SimulationSettings _settings;
    private readonly Action<SimulationProgress>? _progress;
    private readonly SimulatedWorld _world;
    private readonly Population _population;
    private readonly LookupTrial _lookups;
    private readonly ValueTrial _values;
    private readonly TrafficMeter _traffic = new();

    public NetworkSimulation(SimulationSettings settings, Action<SimulationProgress>? progress = null)
    {
        (_settings, _progress) = (settings, progress);
        _world = new SimulatedWorld(settings.Seed, settings.Network);
        _world.Network.Traffic = _traffic;
        _population = new Population(_world, settings);
        _lookups = new LookupTrial(_world, _population, settings.Kademlia.BucketSize);
        _values = new ValueTrial(_world, _population, settings.Kademlia.ValueTimeToLive);
        _traffic.OnPublication = _values.OnPublication;
    }

    internal SimulationReport Run(CancellationToken cancellationToken = default) =>
        _world.Run(() => RunAsync(cancellationToken));

    private async Task<SimulationReport> RunAsync(CancellationToken cancellationToken)
    {
        await new NetworkBuilder(_settings, _population, Report).BuildAsync(cancellationToken);
        _traffic.Reset();
        var begunAt = _world.Clock.Elapsed;
        if (_settings.RunsMaintenance)
        {
            await RunForDurationAsync(cancellationToken);
        }
        else
        {
            await RepeatAsync("values set", _settings.Values, _values.SetAsync, cancellationToken);
            await RepeatAsync("lookups", _settings.Lookups, _lookups.RunAsync, cancellationToken);
        }

        await RepeatAsync("looks at the values", 1, _values.LookAsync, cancellationToken);
        return await CreateReportAsync(_world.Clock.Elapsed - begunAt);
    }

    private async Task RepeatAsync(string phase, int count, Func<Task> act, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await act();
            Report(phase, i + 1, count);
        }
    }

    private async Task RunForDurationAsync(CancellationToken cancellationToken)
    {
        // One more look follows at the end.
        var looks = _settings.Values == 0 ? 0 : (int)Math.Ceiling(_settings.Duration / _settings.LookInterval) - 1;
        var replacements = (int)(_settings.Nodes * _settings.Churn * _settings.Duration.TotalHours);
        await Task.WhenAll(
            SpreadAsync("lookups", _settings.Lookups, _lookups.RunAsync, cancellationToken),
            SpreadAsync("nodes replaced", replacements, ReplaceAsync, cancellationToken),
            SpreadAsync("values set", _settings.Values, _values.SetAsync, cancellationToken),
            SpreadAsync("looks at the values", looks, _settings.LookInterval, _values.LookAsync, cancellationToken),
            SpreadAsync("minutes", (int)_settings.Duration.TotalMinutes, () => Task.CompletedTask, cancellationToken));
    }

    private Task SpreadAsync(string phase, int count, Func<Task> act, CancellationToken cancellationToken) =>
        SpreadAsync(phase, count, _settings.Duration / Math.Max(count, 1), act, cancellationToken);

    /// <summary>One act after each interval; one that takes long does not hold up the next.</summary>
    private async Task SpreadAsync(
        string phase, int count, TimeSpan interval, Func<Task> act, CancellationToken cancellationToken)
    {
        var begunAt = _world.Clock.Elapsed;
        var acts = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            await _world.PassAsync(begunAt + (interval * (i + 1)) - _world.Clock.Elapsed);
            cancellationToken.ThrowIfCancellationRequested();
            acts.RemoveAll(task => task.IsCompletedSuccessfully);
            acts.Add(act());
            Report(phase, i + 1, count);
        }

        await Task.WhenAll(acts);
    }

    private async Task ReplaceAsync()
    {
        // The last node that answers stays: a newcomer has to join through somebody.
        if (_population.Live.Count > 1)
        {
            await _population.KillAsync(_population.PickLive());
        }

        await _population.JoinAsync(_population.CreatePlace());
    }

    private async Task<SimulationReport> CreateReportAsync(TimeSpan simulated) => new(
        _settings,
        simulated,
        _population.Live.Count,
        _lookups.Count,
        _lookups.Success,
        _lookups.Exact,
        _lookups.Hops,
        _lookups.Requests,
        _lookups.Seconds,
        _lookups.Size,
        _values.Summarize(_population.Republished),
        await TableSurvey.RunAsync(_population, _settings.Kademlia.BucketSize),
        Enum.GetValues<RequestKind>().ToDictionary(kind => kind, kind => _traffic[kind]),
        _traffic.Other);

    private void Report(string phase, long done, long total) => _progress?.Invoke(
        new SimulationProgress(phase, done, total, _world.Clock.Elapsed, _traffic.Requests));
}

/// <summary>How far a simulation is: its phase, such as "joined" or "lookups", virtual time and requests so far.</summary>
public readonly record struct SimulationProgress(string Phase, long Done, long Total, TimeSpan Simulated, long Requests);

/// <summary>Brings a network into being, its silent and lying nodes included.</summary>
internal sealed class NetworkBuilder(
    SimulationSettings settings, Population population, Action<string, long, long> report)
{
    public async Task BuildAsync(CancellationToken cancellationToken)
    {
        var members = new Member[settings.Nodes];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = population.CreatePlace();
        }

        if (settings.BuildsByJoins)
        {
            await JoinAllAsync(members, cancellationToken);
            await ChangeSomeAsync(members);
        }
        else
        {
            // Nobody has to run before it falls silent.
            await ChangeSomeAsync(members);
            await FillAllAsync(members, cancellationToken);
        }
    }

    private async Task JoinAllAsync(Member[] members, CancellationToken cancellationToken)
    {
        for (var i = 0; i < members.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await population.JoinAsync(members[i]);
            report("joined", i + 1, members.Length);
        }
    }

    private async Task FillAllAsync(Member[] members, CancellationToken cancellationToken)
    {
        var contacts = Array.ConvertAll(members, m => m.Contact);
        Array.Sort(contacts, (left, right) => left.Id.CompareTo(right.Id));
        var tables = new FullTables(contacts, population.Pager, settings.Seed);
        var changed = (int)(settings.Nodes * settings.Dead) + (int)(settings.Nodes * settings.Liars);
        for (var i = changed; i < members.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await population.StartAsync(members[i], tables.Create(members[i].Contact.Id));
            population.Enter(members[i]);
            report("built", i + 1, members.Length);
        }
    }

    /// <summary>The first are silent, those behind them lie: ids are random, so any are as good as others.</summary>
    private async Task ChangeSomeAsync(Member[] members)
    {
        var dead = (int)(settings.Nodes * settings.Dead);
        var liars = (int)(settings.Nodes * settings.Liars);
        foreach (var member in members[..dead])
        {
            await population.KillAsync(member);
        }

        var lying = members[dead..(dead + liars)];
        var known = Array.ConvertAll(members, m => m.Contact);
        var liarContacts = Array.ConvertAll(lying, m => m.Contact);
        foreach (var member in lying)
        {
            await population.CorruptAsync(member, known, liarContacts);
        }
    }
}
