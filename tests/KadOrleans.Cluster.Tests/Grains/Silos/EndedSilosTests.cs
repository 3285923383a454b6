using System.Collections.Immutable;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class EndedSilosTests
{
    private static readonly SiloAddress Own = At(1);
    private static readonly SiloAddress Suspect = At(2);
    private static readonly SiloAddress Third = At(3);

    private readonly ManualTimeProvider _clock = new();
    private readonly Members _members = new(Own, Suspect, Third);
    private readonly HashSet<IPEndPoint> _refusing = [Suspect.Endpoint];
    private readonly List<SiloAddress> _asked = [];
    private Func<SiloAddress, Task<bool>> _witness = _ => Task.FromResult(true);
    private Func<Task<SiloClock>> _answer = () => Task.FromException<SiloClock>(new TimeoutException("ended"));
    private int _connections;

    [Fact]
    public async Task A_silo_whose_address_refuses_two_silos_is_declared_dead_within_a_second()
    {
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Equal([Suspect], _members.Killed);
        Assert.Equal([Third], _asked);
        Assert.True(_clock.Elapsed < TimeSpan.FromSeconds(1), $"It took {_clock.Elapsed}.");
    }

    [Fact]
    public async Task One_that_listens_is_left_alone_and_nobody_is_asked()
    {
        _refusing.Clear();
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Empty(_members.Killed);
        Assert.Empty(_asked);
        Assert.Equal(2, _connections);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_process_that_stops_listening_only_after_its_connections_ended_is_seen_by_the_second_look(int listens)
    {
        _refusing.Clear();
        await NoteEndAsync(Suspect.Endpoint, () =>
        {
            if (_connections > listens)
            {
                _refusing.Add(Suspect.Endpoint);
            }
        });
        Assert.Equal(listens == 1 ? [Suspect] : [], _members.Killed);
    }

    // A firewall that refuses new connections lets those go on that stand.
    [Fact]
    public async Task One_that_answers_over_a_connection_that_stands_is_left_alone()
    {
        _answer = () => Task.FromResult(default(SiloClock));
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Empty(_members.Killed);
        Assert.False(await RunAsync(Create().HasEndedAsync(Suspect)));
    }

    [Fact]
    public async Task One_that_does_not_answer_at_all_is_waited_for_half_a_second()
    {
        _answer = () => new TaskCompletionSource<SiloClock>().Task;
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Equal([Suspect], _members.Killed);
        Assert.Equal(EndedSilos.Pause + EndedSilos.Patience, _clock.Elapsed);
    }

    // Orleans keeps one connection of two silos, and where the other side made it only its address is known.
    [Fact]
    public async Task The_end_of_a_connection_that_the_silo_had_made_counts_too()
    {
        await RunAsync(Create().NoteEnd(new IPEndPoint(Suspect.Endpoint.Address, 50_000), isInbound: true));
        await RunAsync(Create().NoteEnd(new IPEndPoint(Third.Endpoint.Address, 50_000), isInbound: false));
        Assert.Equal([Suspect], _members.Killed);
    }

    [Fact]
    public async Task One_that_listens_again_meanwhile_is_left_alone()
    {
        await NoteEndAsync(Suspect.Endpoint, () =>
        {
            if (_connections == 3)
            {
                _refusing.Clear();
            }
        });
        Assert.Empty(_members.Killed);
        Assert.Equal(3, _connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_one_silo_alone_sees_declares_nobody_dead(bool isSilent)
    {
        _witness = _ => isSilent ? Task.FromException<bool>(new TimeoutException("silent")) : Task.FromResult(false);
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Empty(_members.Killed);
        Assert.Equal([Third], _asked);
    }

    [Fact]
    public async Task Of_two_silos_the_other_one_decides()
    {
        _members.Set(Own, Suspect);
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Equal([Suspect], _members.Killed);
        Assert.Empty(_asked);
    }

    // As in a partition that leaves one silo alone, or when the others have ended too: Orleans' own rules are for that.
    [Fact]
    public async Task One_of_three_alone_declares_neither_of_the_others_dead()
    {
        _refusing.Add(Third.Endpoint);
        _witness = _ => Task.FromException<bool>(new TimeoutException("ended"));
        await NoteEndAsync(Suspect.Endpoint);
        await NoteEndAsync(Third.Endpoint);
        Assert.Empty(_members.Killed);
    }

    [Fact]
    public async Task Of_a_hundred_silos_eight_decide_and_each_asks_four()
    {
        SiloAddress[] all = [.. Enumerable.Range(1, 100).Select(At)];
        var deciders = 0;
        foreach (var silo in all.Where(silo => !silo.Equals(Suspect)))
        {
            _asked.Clear();
            _members.Killed.Clear();
            _members.Set(all);
            await RunAsync(Create(own: silo).NoteEnd(Suspect.Endpoint, isInbound: false));
            deciders += _members.Killed.Count;
            Assert.Equal(_members.Killed.Count * EndedSilos.MaxWitnesses, _asked.Count);
            Assert.DoesNotContain(silo, _asked);
        }

        Assert.Equal(EndedSilos.MaxDeciders, deciders);
    }

    [Fact]
    public async Task Who_ask_at_once_share_one_look()
    {
        var ended = Create();
        Assert.All(await RunAsync(Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ended.HasEndedAsync(Suspect)))), Assert.True);
        Assert.Equal(EndedSilos.Attempts, _connections);
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    [InlineData(SiloStatus.Dead)]
    public async Task A_member_that_is_not_active_is_not_looked_at(SiloStatus status)
    {
        _members.Set(Suspect, status);
        await NoteEndAsync(Suspect.Endpoint);
        Assert.False(await RunAsync(Create().HasEndedAsync(Suspect)));
        Assert.Equal(0, _connections);
    }

    [Fact]
    public async Task Nobody_makes_a_silo_connect_to_what_is_no_member_of_the_cluster_nor_to_itself()
    {
        var ended = Create();
        await RunAsync(ended.NoteEnd(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 22), isInbound: true));
        await RunAsync(ended.NoteEnd(null, isInbound: true));
        Assert.False(await RunAsync(ended.HasEndedAsync(At(9))));
        Assert.False(await RunAsync(ended.HasEndedAsync(Own)));
        Assert.Equal(0, _connections);
    }

    [Fact]
    public async Task Many_connections_that_end_at_once_are_one_look()
    {
        var ended = Create();
        await RunAsync(Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ended.NoteEnd(Suspect.Endpoint, isInbound: false))));
        Assert.Equal([Suspect], _members.Killed);
        Assert.Equal(1 + EndedSilos.Attempts + 1, _connections);
    }

    [Fact]
    public async Task While_the_table_cannot_be_read_nobody_is_declared_dead_and_the_next_end_is_looked_at()
    {
        var ended = Create();
        _members.IsAway = true;
        await RunAsync(ended.NoteEnd(Suspect.Endpoint, isInbound: false));
        Assert.Empty(_members.Killed);
        _members.IsAway = false;
        await RunAsync(ended.NoteEnd(Suspect.Endpoint, isInbound: false));
        Assert.Equal([Suspect], _members.Killed);
    }

    [Fact]
    public async Task A_port_refuses_when_nothing_listens_and_only_then()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = (IPEndPoint)listener.LocalEndpoint;
        Assert.False(await Listening.RefusesAsync(endpoint));
        listener.Stop();
        Assert.True(await Listening.RefusesAsync(endpoint));
    }

    private static SiloAddress At(int host) => SiloAddress.New(new IPAddress([10, 0, 0, (byte)host]), 11_111, 1);

    private Task NoteEndAsync(IPEndPoint endpoint, Action? onConnection = null) => RunAsync(Create(onConnection).NoteEnd(endpoint, isInbound: false));

    private EndedSilos Create(Action? onConnection = null, SiloAddress? own = null) => new(
        _members,
        new OwnSilo(own ?? Own),
        endpoint =>
        {
            _connections++;
            onConnection?.Invoke();
            return Task.FromResult(_refusing.Contains(endpoint));
        },
        _ => _answer(),
        (witness, silo) =>
        {
            Assert.Equal(Suspect.Endpoint.Address.AddressFamily, silo.Endpoint.AddressFamily);
            _asked.Add(witness);
            return _witness(witness);
        },
        _clock,
        NullLogger<EndedSilos>.Instance);

    private async Task<T> RunAsync<T>(Task<T> work)
    {
        await RunAsync((Task)work);
        return await work;
    }

    private async Task RunAsync(Task work)
    {
        while (!work.IsCompleted)
        {
            if (!_clock.FireNext())
            {
                await Task.Yield();
            }
        }

        await work;
    }

    private sealed class OwnSilo(SiloAddress silo) : ILocalSiloDetails
    {
        public string Name => "own";

        public string ClusterId => "cluster";

        public string DnsHostName => "host";

        public SiloAddress SiloAddress => silo;

        public SiloAddress GatewayAddress => silo;
    }

    private sealed class Members(params SiloAddress[] active) : IClusterMembershipService
    {
        private readonly Dictionary<SiloAddress, SiloStatus> _states = active.ToDictionary(silo => silo, _ => SiloStatus.Active);

        public bool IsAway { get; set; }

        public List<SiloAddress> Killed { get; } = [];

        public ClusterMembershipSnapshot CurrentSnapshot => new(
            _states.ToImmutableDictionary(state => state.Key, state => new Orleans.Runtime.ClusterMember(state.Key, state.Value, state.Key.ToString())), new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public void Set(params SiloAddress[] active)
        {
            _states.Clear();
            foreach (var silo in active)
            {
                _states[silo] = SiloStatus.Active;
            }
        }

        public void Set(SiloAddress silo, SiloStatus status) => _states[silo] = status;

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
            IsAway ? ValueTask.FromException(new IOException("The database is away.")) : ValueTask.CompletedTask;

        public Task<bool> TryKill(SiloAddress siloAddress)
        {
            // Orleans keeps a request that fails, and answers yes.
            Killed.Add(siloAddress);
            _states[siloAddress] = SiloStatus.Dead;
            return Task.FromResult(true);
        }
    }
}
