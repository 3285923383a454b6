namespace KadOrleans.Lab;

/// <summary>
/// Runs real nodes on virtual time that keep values alive and do nothing else, and counts what that costs and how well the values are kept.
/// Values are put where they belong: into the stores of their k nearest nodes.
/// </summary>
public sealed class UpkeepSimulation
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private const int MinutesBetweenLooks = 15;
    private const int LookupsToLearn = 12;

    // A newcomer's neighbours ping it a little later, too.
    private static readonly TimeSpan JoinSettles = TimeSpan.FromSeconds(10);

    private readonly UpkeepSettings _settings;
    private readonly SimulationSettings _simulated;
    private readonly Action<string, long, long>? _progress;
    private readonly SimulatedWorld _world;

    // Its own, so that the same nodes come and go however values are kept.
    private readonly SeededRandomSource _churn;
    private readonly Population _population;
    private readonly TrafficMeter _traffic = new();
    private readonly UpkeepSends _sends;
    private readonly HeldShares _held = new();
    private readonly List<double> _left = [];
    private readonly List<NodeId> _keys = [];
    private readonly HashSet<UdpEndpoint> _joining = [];
    private readonly Dictionary<Member, long> _lookupsBefore = [];
    private Member? _sender;
    private TimeSpan _begunAt;
    private long _lookupsOfGone;
    private bool _isOver;

    /// <param name="settings">What is simulated.</param>
    /// <param name="progress">Told a phase, what is done of it, and how much there is.</param>
    public UpkeepSimulation(UpkeepSettings settings, Action<string, long, long>? progress = null)
    {
        (_settings, _simulated, _progress) = (settings, settings.Network, progress);
        _world = new SimulatedWorld(settings.Seed, _simulated.Network);
        _churn = new SeededRandomSource(~settings.Seed);
        _population = new Population(_world, _simulated);
        var kademlia = _simulated.Kademlia;
        var interval = settings.IsOwn ? kademlia.PublishInterval : kademlia.RepublishInterval;
        _sends = new UpkeepSends(interval, Math.Min(kademlia.BucketSize, settings.Nodes - 1 - (int)(settings.Nodes * settings.Dead)));
        _world.Network.Traffic = _traffic;
    }

    private TimeSpan Elapsed => _world.Clock.Elapsed - _begunAt;

    /// <summary>Runs the network. Not for a second time.</summary>
    public UpkeepReport Run(CancellationToken cancellationToken = default) => _world.Run(() => RunAsync(cancellationToken));

    private async Task<UpkeepReport> RunAsync(CancellationToken cancellationToken)
    {
        await new NetworkBuilder(_simulated, _population, Report).BuildAsync(cancellationToken);
        LearnSize();
        foreach (var member in _population.Live)
        {
            _lookupsBefore.Add(member, CountLookups(member));
        }

        await PlaceValuesAsync();
        var (processor, startedAt) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        Begin();
        var churn = ChurnAsync();
        await WatchAsync(cancellationToken);
        var machine = new UpkeepMachine(
            (Environment.CpuUsage.TotalTime - processor).TotalSeconds, Stopwatch.GetElapsedTime(startedAt).TotalSeconds, ReadPeakGigabytes());
        var report = CreateReport(machine);
        (_isOver, _traffic.OnStore) = (true, null);
        await churn;
        return report;
    }

    // As random walks do within an hour: from then on nodes know about how many they are. Nobody is asked, so 10,000 nodes learn it in seconds.
    private void LearnSize()
    {
        foreach (var member in _population.Live)
        {
            for (var i = 0; i < LookupsToLearn; i++)
            {
                var target = NodeId.Random(_world.Random);
                member.Engine!.LearnSize(target, _population.Nearest(target, member));
            }
        }
    }

    private void Report(string phase, long done, long total) => _progress?.Invoke(phase, done, total);

    private void Begin()
    {
        _begunAt = _world.Clock.Elapsed;
        _traffic.Reset();
        _traffic.OnStore = (key, sender, receiver) => _sends.OnStore(key, sender, receiver, Elapsed);
        _traffic.IsApart = (kind, sender, receiver) =>
            kind != RequestKind.Store && (_joining.Contains(sender) || (kind == RequestKind.Ping && _joining.Contains(receiver)));
    }

    private async Task PlaceValuesAsync()
    {
        _sender = _settings.IsOfOne ? _population.PickLive() : null;
        for (var i = 0; i < _settings.Values; i++)
        {
            var key = DrawKey();
            _keys.Add(key);
            await (_settings.IsOwn ? RememberAsync(_sender!, key, ValueOf(i)) : HoldAsync(key, ValueOf(i)));
        }
    }

    private NodeId DrawKey()
    {
        while (true)
        {
            var key = NodeId.Random(_world.Random);
            if (!_settings.IsAlone || _population.Nearest(key).Contains(_sender))
            {
                return key;
            }
        }
    }

    // As if strangers' STOREs had come in. Of those of one moment each is a tick apart, so that no order is left to chance.
    private async Task HoldAsync(NodeId key, DhtValue value)
    {
        var spread = _settings.IsAlone ? TimeSpan.Zero : _settings.Spread;
        var age = _simulated.Kademlia.RepublishInterval - (spread * _world.Random.NextDouble()) + TimeSpan.FromTicks(_keys.Count);
        var storedAt = _world.Clock.GetUtcNow() - age;
        var source = SourceNetwork.Of(_population.PickLive().Contact.Endpoint).WithProof(true);
        var stored = new StoredValue(value, storedAt, storedAt + _simulated.Kademlia.ValueTimeToLive, source) { IsAuthored = true };
        foreach (var holder in _sender is null ? _population.Nearest(key) : [_sender])
        {
            await holder.HoldAsync(key, stored);
        }

        _sends.Add(key, -age);
    }

    private async Task RememberAsync(Member publisher, NodeId key, DhtValue value)
    {
        var age = _simulated.Kademlia.PublishInterval + TimeSpan.FromTicks(_keys.Count);
        await publisher.RememberAsync(key, new Publication(value, _world.Clock.GetUtcNow() - age));
        _sends.Add(key, -age);
    }

    private DhtValue ValueOf(int number)
    {
        var bytes = new byte[_settings.Bytes];
        for (var i = 0; i < Math.Min(sizeof(int), bytes.Length); i++)
        {
            bytes[i] = (byte)(number >> (8 * i));
        }

        return DhtValue.FromBytes(bytes);
    }

    /// <summary>Looks at the values each quarter of an hour until the end, or until one node has sent all that it has.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        for (var minute = 1; Elapsed < _settings.Duration && !IsAllSent(); minute++)
        {
            var next = Minute * minute;
            await _world.PassAsync((next < _settings.Duration ? next : _settings.Duration) - Elapsed);
            cancellationToken.ThrowIfCancellationRequested();
            if (minute % MinutesBetweenLooks == 0 && Elapsed < _settings.Duration && !_settings.IsOfOne)
            {
                Look();
            }

            Report("minutes", minute, (long)Math.Ceiling(_settings.Duration.TotalMinutes));
        }

        Look();
    }

    // What is sent last has a minute to arrive.
    private bool IsAllSent() => _settings.IsOfOne && _sends.SentOnce == _settings.Values && Elapsed >= _sends.SentOnceAt + Minute;

    private void Look()
    {
        var now = _world.Clock.GetUtcNow();
        _held.Add([.. _keys.Select(ShareOf)]);
        _left.Add(_population.ShareOfLeft());

        double ShareOf(NodeId key)
        {
            var (held, of) = (0, 0);
            foreach (var holder in _population.Nearest(key))
            {
                of++;
                held += holder.Holds(key, now) ? 1 : 0;
            }

            return held / (double)of;
        }
    }

    private int CountLost()
    {
        var now = _world.Clock.GetUtcNow();
        return _keys.Count(key =>
            !_population.Nearest(key).Any(member => member.Holds(key, now)) && !_population.Live.Any(member => member.Holds(key, now)));
    }

    private async Task ChurnAsync()
    {
        if (_settings.Churn == 0)
        {
            return;
        }

        var acts = new List<Task>();
        var pause = TimeSpan.FromHours(1) / (_settings.Nodes * _settings.Churn);
        for (var next = pause; next < _settings.Duration && !_isOver; next += pause)
        {
            await _world.PassAsync(next - Elapsed);
            acts.RemoveAll(act => act.IsCompletedSuccessfully);
            acts.Add(ReplaceAsync());
        }

        await Task.WhenAll(acts);
    }

    private async Task ReplaceAsync()
    {
        var leaving = _population.PickLive(_churn);
        if (_population.Live.Count == 1 || leaving == _sender)
        {
            // A newcomer has to join through somebody, and the one sender is who is measured.
            return;
        }

        _lookupsOfGone += CountLookups(leaving) - _lookupsBefore.GetValueOrDefault(leaving);
        _lookupsBefore.Remove(leaving);
        await _population.KillAsync(leaving);
        var newcomer = _population.CreatePlace(_churn);
        _joining.Add(newcomer.Contact.Endpoint);
        await _population.JoinAsync(newcomer);
        if (newcomer.Place >= 0)
        {
            _lookupsBefore.Add(newcomer, CountLookups(newcomer));
        }

        await _world.PassAsync(JoinSettles);
        _joining.Remove(newcomer.Contact.Endpoint);
    }

    private static long CountLookups(Member member) =>
        member.Engine!.Counts.Where(count => count.Key.StartsWith("lookups.", StringComparison.Ordinal)).Sum(count => count.Value);

    private UpkeepReport CreateReport(UpkeepMachine machine) => new(
        _settings,
        Elapsed,
        _population.Live.Count,
        _sends,
        _population.Republished,
        _lookupsOfGone + _lookupsBefore.Sum(before => CountLookups(before.Key) - before.Value),
        UpkeepTraffic.Of(_traffic),
        _held,
        _left,
        CountLost(),
        machine);

    private static double ReadPeakGigabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1e9;
    }
}
