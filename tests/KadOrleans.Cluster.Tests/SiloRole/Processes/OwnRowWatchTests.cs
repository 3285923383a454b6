using System.Collections.Immutable;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class OwnRowWatchTests
{
    private static readonly SiloAddress Own = Address(1);

    /// <summary>Each word is what the table says to one look, of which a second may follow in a table that was made anew.</summary>
    [Theory]
    [InlineData("own own own", false)]
    [InlineData("away away away", false)]
    [InlineData("slow slow slow", false)]
    [InlineData("lost own lost own", false)]
    [InlineData("lost away lost", false)]
    [InlineData("dead dead dead", false)]
    [InlineData("own lost lost", true)]
    [InlineData("away renewed renewed", true)]
    public async Task A_silo_ends_only_if_its_row_is_surely_gone(string looks, bool ends)
    {
        var time = new ManualTimeProvider();
        var table = new Looks(looks.Split(' '));
        var fatal = new FatalError(Fake.Of<IServiceProvider>((_, _) => null));
        using var watch = Create(table.Table, SiloStatus.Active, Members(0), fatal, time);
        var ended = fatal.UnlessAsync(new TaskCompletionSource().Task);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        while (!ended.IsCompleted && !table.HasSaidAll)
        {
            time.Advance(OwnRowWatch.Interval);
            await Task.Yield();
        }

        await watch.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ends, ended.IsCompleted);
        if (ends)
        {
            var stop = await Assert.ThrowsAsync<StopException>(() => ended);
            Assert.Equal(ExitCode.Replaced, stop.Code);
            Assert.StartsWith("The cluster's table of members has lost this silo's row: ", stop.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// At 7 it was another table, with one silo more, whose last write was lost; a later one is of a silo that joined. With a row of its joining
    /// others would never count a silo in, and start its grains beside it. Meanwhile another silo joins.
    /// </summary>
    [Theory]
    [InlineData(8, 9, SiloStatus.Joining, SiloStatus.Active, SiloStatus.Joining)]
    [InlineData(3, 8, SiloStatus.Active, SiloStatus.Active)]
    [InlineData(6, 8, SiloStatus.Active, SiloStatus.Active)]
    [InlineData(7, 8, SiloStatus.Active, SiloStatus.Active)]
    [InlineData(8, 8, SiloStatus.Active, SiloStatus.Active)]
    [InlineData(6, 8, SiloStatus.Joining, SiloStatus.Active)]
    [InlineData(9, 10, SiloStatus.Created, SiloStatus.Active)]
    [InlineData(3, 8, SiloStatus.Stopping, SiloStatus.Stopping)]
    public async Task A_table_that_lost_writes_is_raised_above_what_silos_know(
        int version, int raised, SiloStatus row, SiloStatus written, SiloStatus own = SiloStatus.Active)
    {
        var time = new ManualTimeProvider();
        var reads = 0;
        var refreshed = 0L;
        var fatal = new FatalError(Fake.Of<IServiceProvider>((_, _) => null));
        var real = MemberTable.Of(version, (Own, row));
        using var watch = Create(Fake.Over(() => real, Before), own, Members(7, least => refreshed = least, Own, Address(2)), fatal, time);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        while (Volatile.Read(ref reads) < 20)
        {
            time.Advance(OwnRowWatch.Interval);
            await Task.Yield();
        }

        await watch.StopAsync(TestContext.Current.CancellationToken);
        var read = await real.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(raised, read.Version.Version);
        Assert.Equal(written, read.Members.Single(member => member.Item1.SiloAddress.Equals(Own)).Item1.Status);
        Assert.True(refreshed == 0 || refreshed == raised, $"Refreshed to {refreshed}.");

        void Before(string method, object?[] arguments)
        {
            if (method == nameof(IMembershipTable.ReadAllAsync))
            {
                Interlocked.Increment(ref reads);
            }
            else if (method == nameof(IMembershipTable.UpdateRowAsync))
            {
                // Providers compare the version that they have with the one before.
                Assert.Equal(MemberTable.Read(real).Version.Version + 1, ((TableVersion)arguments[2]!).Version);
                if (reads % 3 == 0 && MemberTable.Read(real).Version.Version > version)
                {
                    MemberTable.Add(real, Address(100 + reads));
                }
            }
        }
    }

    [Theory]
    [InlineData(SiloStatus.Joining, false)]
    [InlineData(SiloStatus.Stopping, true)]
    public async Task A_silo_that_joins_or_stops_does_not_look(SiloStatus status, bool hasStarted)
    {
        var (time, reads) = (new ManualTimeProvider(), 0);
        using var watch = Create(
            Fake.Over(() => MemberTable.Of(version: 1, (Address(2), SiloStatus.Active)), (_, _) => reads++),
            status, Members(7), new FatalError(Fake.Of<IServiceProvider>((_, _) => null)), time, hasStarted);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
        {
            time.Advance(OwnRowWatch.Interval);
            await Task.Yield();
        }

        await watch.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, reads);
    }

    private static OwnRowWatch Create(
        IMembershipTable table, SiloStatus own, IClusterMembershipService members, FatalError fatal, TimeProvider time, bool hasStarted = true) => new(
            table,
            Fake.Of<ILocalSiloDetails>((_, _) => Own),
            Fake.Of<ISiloStatusOracle>((_, _) => own),
            members,
            Fake.Of<IHostApplicationLifetime>((_, _) => new CancellationToken(canceled: hasStarted)),
            fatal,
            time,
            NullLogger<OwnRowWatch>.Instance);

    private static IClusterMembershipService Members(long version, Action<long>? refresh = null, params SiloAddress[] silos)
    {
        var snapshot = new ClusterMembershipSnapshot(
            silos.ToImmutableDictionary(silo => silo, silo => new Orleans.Runtime.ClusterMember(silo, SiloStatus.Active, "silo")),
            new MembershipVersion(version));
        return Fake.Of<IClusterMembershipService>((method, arguments) =>
        {
            if (method != nameof(IClusterMembershipService.Refresh))
            {
                return snapshot;
            }

            refresh?.Invoke(((MembershipVersion)arguments[0]!).Value);
            return ValueTask.CompletedTask;
        });
    }

    private static SiloAddress Address(int generation) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), generation);

    /// <summary>The table of members as each look finds it.</summary>
    private sealed class Looks
    {
        private readonly string[] _looks;
        private IMembershipTable _real = MemberTable.Of(version: 0);
        private int _count;
        private bool _isMade;

        public Looks(string[] looks)
        {
            _looks = looks;
            Table = Fake.Over(() => _real, Before);
        }

        public IMembershipTable Table { get; }

        /// <summary>There was one look more, so the watch has dealt with all of them.</summary>
        public bool HasSaidAll => Volatile.Read(ref _count) > _looks.Length;

        private string Look => _count > _looks.Length ? "own" : _looks[_count - 1];

        private void Before(string method, object?[] arguments)
        {
            if (method == nameof(IMembershipTable.ReadAllAsync))
            {
                BeforeRead();
                return;
            }

            Assert.Equal(nameof(IMembershipTable.InitializeMembershipTableAsync), method);
            _isMade = Look is "renewed" or "slow";
            ThrowUnless(_isMade);
        }

        private void BeforeRead()
        {
            var wasMade = _isMade;
            _isMade = false;
            if (!wasMade)
            {
                Interlocked.Increment(ref _count);
            }

            ThrowUnless(Look is "own" or "dead" or "lost" || (Look == "renewed" && wasMade));
            _real = Look switch
            {
                "own" => MemberTable.Of(version: 1, (Own, SiloStatus.Active)),
                "dead" => MemberTable.Of(version: 1, (Own, SiloStatus.Dead)),
                "lost" => MemberTable.Of(version: 1, (Address(2), SiloStatus.Active)),
                _ => MemberTable.Of(version: 0),
            };
        }

        private static void ThrowUnless(bool answers)
        {
            if (!answers)
            {
                throw new TimeoutException("The storage is away.");
            }
        }
    }
}
