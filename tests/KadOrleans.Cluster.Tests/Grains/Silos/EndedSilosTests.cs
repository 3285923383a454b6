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
        Assert.Equal(1, _connections);
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
    public async Task At_most_four_silos_are_asked_and_the_first_that_saw_it_is_enough()
    {
        SiloAddress[] others = [.. Enumerable.Range(3, 30).Select(At)];
        _members.Set([Own, Suspect, .. others]);
        _witness = silo => Task.FromResult(silo.Equals(_asked[^1]));
        await NoteEndAsync(Suspect.Endpoint);
        Assert.Equal([Suspect], _members.Killed);
        Assert.Equal(EndedSilos.MaxWitnesses, _asked.Count);
        Assert.DoesNotContain(Own, _asked);
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
        await RunAsync(ended.NoteEnd(new IPEndPoint(IPAddress.Parse("192.0.2.9"), 22)));
        await RunAsync(ended.NoteEnd(null));
        Assert.False(await RunAsync(ended.HasEndedAsync(At(9))));
        Assert.False(await RunAsync(ended.HasEndedAsync(Own)));
        Assert.Equal(0, _connections);
    }

    [Fact]
    public async Task Many_connections_that_end_at_once_are_one_look()
    {
        var ended = Create();
        await RunAsync(Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ended.NoteEnd(Suspect.Endpoint))));
        Assert.Equal([Suspect], _members.Killed);
        Assert.Equal(1 + EndedSilos.Attempts, _connections);
    }

    [Fact]
    public async Task A_table_that_cannot_be_written_fails_nothing_and_the_next_end_is_looked_at()
    {
        var ended = Create();
        _members.IsAway = true;
        await RunAsync(ended.NoteEnd(Suspect.Endpoint));
        _members.IsAway = false;
        await RunAsync(ended.NoteEnd(Suspect.Endpoint));
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

    private Task NoteEndAsync(IPEndPoint endpoint, Action? onConnection = null) => RunAsync(Create(onConnection).NoteEnd(endpoint));

    private EndedSilos Create(Action? onConnection = null) => new(
        _members,
        new OwnSilo(Own),
        endpoint =>
        {
            _connections++;
            onConnection?.Invoke();
            return Task.FromResult(_refusing.Contains(endpoint));
        },
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

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public Task<bool> TryKill(SiloAddress siloAddress)
        {
            if (IsAway)
            {
                throw new IOException("The database is away.");
            }

            Killed.Add(siloAddress);
            _states[siloAddress] = SiloStatus.Dead;
            return Task.FromResult(true);
        }
    }
}
