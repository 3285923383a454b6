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
        var strangers = unproven.ExistAsync(Grain(0)).AsTask();
        var first = await _table.ReadAsync();

        // The table was read, the silo comes into it, and it calls before the read is over.
        _table.Stored = 1;
        var call = unproven.ExistAsync(Grain(1)).AsTask();
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
        var strangers = unproven.ExistAsync(Grain(0)).AsTask();
        var first = await _table.ReadAsync();
        var calls = Enumerable.Range(0, 100).Select(number => unproven.ExistAsync(Grain(number)).AsTask()).ToList();
        _time.Advance(TimeSpan.FromSeconds(1));
        first.SetResult();
        (await _table.ReadAsync()).SetResult();
        Assert.All(await Task.WhenAll(calls), Assert.False);
        Assert.False(await strangers);
        Assert.Equal(2, _table.Reads);
    }

    [Fact]
    public async Task One_call_of_a_grain_waits_and_the_look_of_those_that_may_not_lets_the_next_pass()
    {
        var unproven = Unproven();
        var waiting = unproven.ExistAsync(Grain(0)).AsTask();
        var first = await _table.ReadAsync();
        _table.Stored = 1;
        Assert.False(await AtOnceAsync(unproven, Grain(0)));

        _time.Advance(TimeSpan.FromSeconds(1));
        first.SetResult();
        Assert.False(await waiting);
        (await _table.ReadAsync()).SetResult();
        await _table.KnownAsync(1);
        Assert.True(await AtOnceAsync(unproven, Grain(0)));
    }

    [Fact]
    public async Task A_grain_has_no_call_that_waits_soon_after_another()
    {
        var unproven = Unproven();
        await LookAsync(Grain(0));
        _time.Advance(UnprovenSilos.WaitPause - TimeSpan.FromMilliseconds(1));
        Assert.False(await AtOnceAsync(unproven, Grain(0)));
        (await _table.ReadAsync()).SetResult();
        _time.Advance(UnprovenSilos.WaitPause);
        await LookAsync(Grain(0));

        async Task LookAsync(GrainId grain)
        {
            var call = unproven.ExistAsync(grain).AsTask();
            var read = await _table.ReadAsync();
            Assert.False(call.IsCompleted);
            read.SetResult();
            Assert.False(await call);
        }
    }

    [Fact]
    public async Task Few_grains_have_a_call_that_waits()
    {
        var unproven = Unproven();
        var calls = Enumerable.Range(0, UnprovenSilos.MostWaits).Select(number => unproven.ExistAsync(Grain(number)).AsTask()).ToList();
        Assert.False(await AtOnceAsync(unproven, Grain(UnprovenSilos.MostWaits)));
        Assert.All(calls, call => Assert.False(call.IsCompleted));
    }

    private static GrainId Grain(int number) => GrainId.Create("grain", $"{number}");

    private static async Task<bool> AtOnceAsync(UnprovenSilos unproven, GrainId grain)
    {
        var call = unproven.ExistAsync(grain);
        Assert.True(call.IsCompleted);
        return await call;
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
        private readonly Channel<int> _known = Channel.CreateUnbounded<int>();
        private int _count;

        public int Stored { get; set; }

        public int Reads => _count;

        public ClusterMembershipSnapshot CurrentSnapshot { get; private set; } = Snapshot(0);

        /// <summary>Until so many silos are known.</summary>
        public async Task KnownAsync(int silos)
        {
            while (await _known.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)) != silos)
            {
            }
        }

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
            _known.Writer.TryWrite(found);
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
