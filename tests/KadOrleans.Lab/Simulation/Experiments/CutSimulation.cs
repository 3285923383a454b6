namespace KadOrleans.Lab;

/// <summary>
/// Runs standalone nodes on virtual time, cuts some off from the others for a while, sets values in both parts meanwhile, and
/// judges lookups and values when the cut is over.
/// </summary>
public sealed class CutSimulation
{
    private static readonly TimeSpan LookupsTake = TimeSpan.FromSeconds(20);

    private readonly CutSettings _settings;
    private readonly SimulatedWorld _world;
    private readonly Population _population;
    private readonly int _bucketSize = new KademliaOptions().BucketSize;
    private long _sent;
    private TimeSpan _sentAt;

    public CutSimulation(CutSettings settings)
    {
        _settings = settings;
        _world = new SimulatedWorld(settings.Seed, settings.Network);
        _population = new Population(_world, new SimulationSettings
        {
            Nodes = settings.Nodes,
            Seed = settings.Seed,
            Network = settings.Network,
            RandomWalk = settings.RandomWalk,
            Duration = TimeSpan.FromHours(1),
            KeepsBootstrap = settings.HasBootstrap,
        });
    }

    public CutReport Run() => _world.Run(RunAsync);

    private async Task<CutReport> RunAsync()
    {
        for (var i = 0; i < _settings.Nodes; i++)
        {
            await _population.JoinAsync(_population.CreatePlace());
        }

        await _world.PassAsync(_settings.Before / 2);
        CountDatagrams();
        await _world.PassAsync(_settings.Before / 2);
        var before = CountDatagrams();

        // The last ones joined through nodes of both parts.
        IReadOnlyList<Member> cutOff = [.. _population.Live.TakeLast(_settings.CutOff)];
        IReadOnlyList<Member> others = [.. _population.Live.Take(_settings.Nodes - _settings.CutOff)];
        var end = _world.Clock.Elapsed + _settings.Length;
        await BeginCutAsync(cutOff);
        var hours = _settings.Leaves ? await CountHoursAsync(end) : [];
        var values = new CutValues(_world, cutOff.Count > 0 && !_settings.Leaves ? cutOff : others, others, _settings.Values);
        await PassUntilAsync(end - (_settings.Length / 2));
        await values.SetAsync();
        await PassUntilAsync(end);
        var during = CountDatagrams();
        var minutes = new List<CutLookups>();
        for (var minute = 1; minute <= (int)_settings.After.TotalMinutes; minute++)
        {
            await PassUntilAsync(end + TimeSpan.FromMinutes(minute));
            minutes.Add(minute < (int)_settings.After.TotalMinutes ? await LookUpAsync(_settings.Lookups / 4) : default);
        }

        var after = CountDatagrams();
        minutes[^1] = await LookUpAsync(_settings.Lookups);
        await values.LookAsync();
        return new CutReport(_settings, minutes, values.Found, values.Later, values.Earlier, before, during, after, hours);
    }

    private async Task BeginCutAsync(IReadOnlyList<Member> cutOff)
    {
        if (_settings.Leaves)
        {
            foreach (var member in cutOff)
            {
                await _population.KillAsync(member);
            }
        }
        else if (cutOff.Count > 0)
        {
            _world.Network.Cut(cutOff.Select(member => member.Contact.Endpoint), _settings.Length);
        }
    }

    private async Task<IReadOnlyList<CutHour>> CountHoursAsync(TimeSpan end)
    {
        var hours = new List<CutHour>();
        while (_world.Clock.Elapsed + TimeSpan.FromHours(1) <= end)
        {
            var (sent, asked) = (_world.Network.Sent, Asked());
            await _world.PassAsync(TimeSpan.FromHours(1));
            hours.Add(new CutHour((_world.Network.Sent - sent) / (double)_population.Live.Count, (Asked() - asked) / (double)_population.Live.Count));
        }

        return hours;

        long Asked() => _population.Live.Sum(member => member.Engine!.Metrics[NodeMetrics.FormerAsked]);
    }

    // Sets take long while contacts of the other part are still known.
    private async Task PassUntilAsync(TimeSpan elapsed)
    {
        if (elapsed > _world.Clock.Elapsed)
        {
            await _world.PassAsync(elapsed - _world.Clock.Elapsed);
        }
    }

    // Within half a minute, so that they judge one moment and are no flood.
    private async Task<CutLookups> LookUpAsync(int count)
    {
        var trial = new LookupTrial(_world, _population, _bucketSize);
        var running = new List<Task>();
        for (var i = 0; i < count; i++)
        {
            running.Add(trial.RunAsync());
            await _world.PassAsync(LookupsTake / count);
        }

        await Task.WhenAll(running);
        return new CutLookups(trial.Success, trial.Exact);
    }

    private double CountDatagrams()
    {
        var (sent, now) = (_world.Network.Sent, _world.Clock.Elapsed);
        var hours = (now - _sentAt).TotalHours;
        var rate = hours > 0 ? (sent - _sent) / hours / _settings.Nodes : 0;
        (_sent, _sentAt) = (sent, now);
        return rate;
    }
}

/// <summary>Values that the two parts of a network set during a cut: each some of its own, and some of keys that both set.</summary>
internal sealed class CutValues(SimulatedWorld world, IReadOnlyList<Member> one, IReadOnlyList<Member> other, int count)
{
    // Lives are told in whole seconds: values that two parts set within one second last equally long, and either may stand.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    private static readonly DhtValue EarlierValue = DhtValue.FromInteger(1);
    private static readonly DhtValue LaterValue = DhtValue.FromInteger(2);

    private readonly List<(NodeId Key, IReadOnlyList<Member> Readers)> _own = [];
    private readonly List<NodeId> _both = [];

    public double Found { get; private set; }

    public double Later { get; private set; }

    public double Earlier { get; private set; }

    public async Task SetAsync()
    {
        for (var i = 0; i < count; i++)
        {
            await SetAsync(one, other);
            await SetAsync(other, one);
            var key = NodeId.Random(world.Random);
            _both.Add(key);
            await Pick(one).SetAsync(key, EarlierValue);
        }

        await world.PassAsync(Between);
        foreach (var key in _both)
        {
            await Pick(other).SetAsync(key, LaterValue);
        }
    }

    public async Task LookAsync()
    {
        var (found, later, earlier) = (0, 0, 0);
        foreach (var (key, readers) in _own)
        {
            found += await GetAsync(Pick(readers), key) == EarlierValue ? 1 : 0;
        }

        foreach (var key in _both)
        {
            foreach (var reader in (Member[])[Pick(one), Pick(other)])
            {
                var value = await GetAsync(reader, key);
                later += value == LaterValue ? 1 : 0;
                earlier += value == EarlierValue ? 1 : 0;
            }
        }

        Found = found / (double)Math.Max(1, _own.Count);
        Later = later / (2.0 * Math.Max(1, _both.Count));
        Earlier = earlier / (2.0 * Math.Max(1, _both.Count));
    }

    private async Task SetAsync(IReadOnlyList<Member> writers, IReadOnlyList<Member> readers)
    {
        var key = NodeId.Random(world.Random);
        await Pick(writers).SetAsync(key, EarlierValue);
        _own.Add((key, readers));
    }

    private static async Task<DhtValue?> GetAsync(Member reader, NodeId key) => (await reader.GetAsync(key)).Value;

    private Member Pick(IReadOnlyList<Member> members) => members[world.Random.Next(members.Count)];
}
