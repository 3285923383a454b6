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
        var table = new Table(looks.Split(' '));
        var fatal = new FatalError(Fake.Of<IServiceProvider>((_, _) => null));
        using var watch = Create(
            Fake.Of<IMembershipTable>((method, _) => method.StartsWith("ReadAll", StringComparison.Ordinal) ? table.ReadAsync() : table.MakeAsync()),
            SiloStatus.Active, Members(0), fatal, time);
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
    /// others would never count a silo in, and start its grains beside it.
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
        var looks = 0;
        var refreshed = 0L;
        var fatal = new FatalError(Fake.Of<IServiceProvider>((_, _) => null));
        using var watch = Create(
            Fake.Of<IMembershipTable>((method, arguments) =>
                method.StartsWith("ReadAll", StringComparison.Ordinal) ? Read() : Write((MembershipEntry)arguments[0]!, (TableVersion)arguments[2]!)),
            own, Members(7, least => refreshed = least, Own, Address(2)), fatal, time);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        while (Volatile.Read(ref looks) < 20)
        {
            time.Advance(OwnRowWatch.Interval);
            await Task.Yield();
        }

        await watch.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(raised, version);
        Assert.Equal(written, row);
        Assert.True(refreshed == 0 || refreshed == raised, $"Refreshed to {refreshed}.");

        Task<MembershipTableData> Read()
        {
            Interlocked.Increment(ref looks);
            return Task.FromResult(new MembershipTableData(
                [Tuple.Create(new MembershipEntry { SiloAddress = Own, Status = row }, "1")], new TableVersion(version, "1")));
        }

        // Each third write finds that another silo wrote first.
        Task<bool> Write(MembershipEntry entry, TableVersion next)
        {
            Assert.Equal(version + 1, next.Version);
            var isWritten = looks % 3 != 0;
            (version, row) = isWritten ? (next.Version, entry.Status) : (version, row);
            return Task.FromResult(isWritten);
        }
    }

    [Theory]
    [InlineData(SiloStatus.Joining, false)]
    [InlineData(SiloStatus.Stopping, true)]
    public async Task A_silo_that_joins_or_stops_does_not_look(SiloStatus status, bool hasStarted)
    {
        var (time, reads) = (new ManualTimeProvider(), 0);
        using var watch = Create(
            Fake.Of<IMembershipTable>((_, _) => throw new InvalidOperationException($"{++reads}")),
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

    private sealed class Table(string[] looks)
    {
        private int _looks;
        private bool _isMade;

        /// <summary>There was one look more, so the watch has dealt with all of them.</summary>
        public bool HasSaidAll => Volatile.Read(ref _looks) > looks.Length;

        private string Look => _looks > looks.Length ? "own" : looks[_looks - 1];

        public Task<MembershipTableData> ReadAsync()
        {
            if (!_isMade)
            {
                Interlocked.Increment(ref _looks);
            }

            var wasMade = _isMade;
            _isMade = false;
            return Look switch
            {
                "own" => With(Own, SiloStatus.Active),
                "dead" => With(Own, SiloStatus.Dead),
                "lost" => With(Address(2), SiloStatus.Active),
                "renewed" when wasMade => Task.FromResult(new MembershipTableData([], new TableVersion(0, "0"))),
                _ => Task.FromException<MembershipTableData>(new TimeoutException("The storage is away.")),
            };
        }

        public Task MakeAsync()
        {
            _isMade = Look is "renewed" or "slow";
            return _isMade ? Task.CompletedTask : Task.FromException(new TimeoutException("The storage is away."));
        }

        private static Task<MembershipTableData> With(SiloAddress silo, SiloStatus status) => Task.FromResult(new MembershipTableData(
            [Tuple.Create(new MembershipEntry { SiloAddress = silo, Status = status }, "1")], new TableVersion(1, "1")));
    }
}
