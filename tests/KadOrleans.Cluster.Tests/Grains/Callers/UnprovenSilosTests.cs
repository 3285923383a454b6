using System.Collections.Immutable;
using System.Threading.Channels;
using Orleans.Configuration;
using Orleans.Metadata;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class UnprovenSilosTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Table _table = new();

    [Fact]
    public async Task A_silo_that_joins_while_strangers_have_the_table_read_is_seen_by_its_own_call()
    {
        var unproven = Unproven();
        var strangers = unproven.ExistAsync().AsTask();
        var first = await _table.ReadAsync();

        // The table was read, the silo comes into it, and it calls before the read is over.
        _table.Stored = 1;
        var call = unproven.ExistAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        first.SetResult();
        Assert.False(await strangers);
        (await _table.ReadAsync()).SetResult();
        Assert.True(await call);
    }

    [Fact]
    public async Task Calls_that_come_during_a_look_share_the_next_one()
    {
        var unproven = Unproven();
        var strangers = unproven.ExistAsync().AsTask();
        var first = await _table.ReadAsync();
        var calls = Enumerable.Range(0, 100).Select(_ => unproven.ExistAsync().AsTask()).ToList();
        _time.Advance(TimeSpan.FromSeconds(1));
        first.SetResult();
        (await _table.ReadAsync()).SetResult();
        Assert.All(await Task.WhenAll(calls), Assert.False);
        Assert.False(await strangers);
        Assert.Equal(2, _table.Reads);
    }

    private UnprovenSilos Unproven()
    {
        var silo = new SiloIdentity(
            Options.Create(new SiloOptions()),
            Options.Create(new ClusterOptions()),
            Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback, SiloPort = 11111 }));
        var proofs = new CallerProofs(
            Options.Create(new KadClusterOptions { EdgeKey = "a key of the test" }),
            Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback }),
            silo,
            silos: null!);
        return new(
            new ServiceCollection()
                .AddSingleton<IClusterMembershipService>(_table)
                .AddSingleton<IClusterManifestProvider>(_table)
                .BuildServiceProvider(),
            proofs,
            _time);
    }

    /// <summary>A table of members whose reads last as long as the test likes, and the manifests of all that are in it, which give no proof.</summary>
    private sealed class Table : IClusterMembershipService, IClusterManifestProvider
    {
        private readonly Channel<TaskCompletionSource> _reads = Channel.CreateUnbounded<TaskCompletionSource>();
        private int _count;

        public int Stored { get; set; }

        public int Reads => _count;

        public ClusterMembershipSnapshot CurrentSnapshot { get; private set; } = Snapshot(0);

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ClusterManifest Current => Manifest(CurrentSnapshot);

        public IAsyncEnumerable<ClusterManifest> Updates => Once();

        public GrainManifest LocalGrainManifest => throw new NotSupportedException();

        /// <summary>The next read, which has found what the table has and is not over.</summary>
        public Task<TaskCompletionSource> ReadAsync() => _reads.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1));

        public async ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default)
        {
            var (found, end) = (Stored, new TaskCompletionSource());
            Interlocked.Increment(ref _count);
            _reads.Writer.TryWrite(end);
            await end.Task;
            CurrentSnapshot = Snapshot(found);
        }

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();

        private static ClusterMembershipSnapshot Snapshot(int silos) => new(
            Enumerable.Range(1, silos).Select(number => SiloAddress.New(IPAddress.Loopback, number, 1))
                .ToImmutableDictionary(silo => silo, silo => new Orleans.Runtime.ClusterMember(silo, SiloStatus.Active, "silo")),
            new MembershipVersion(silos));

        private static ClusterManifest Manifest(ClusterMembershipSnapshot snapshot) => new(
            new MajorMinorVersion(snapshot.Version.Value, 0),
            snapshot.Members.Keys.ToImmutableDictionary(silo => silo, _ => new GrainManifest(
                ImmutableDictionary<GrainType, GrainProperties>.Empty, ImmutableDictionary<GrainInterfaceType, GrainInterfaceProperties>.Empty)));

        private async IAsyncEnumerable<ClusterManifest> Once()
        {
            await Task.Yield();
            yield return Current;
        }
    }
}
