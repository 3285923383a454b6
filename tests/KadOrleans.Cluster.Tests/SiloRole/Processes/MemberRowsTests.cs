using System.Net.Sockets;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class MemberRowsTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly IPEndPoint Own = new(IPAddress.Loopback, 11111);

    [Theory]
    [InlineData(11111, 100, 100, true)]
    [InlineData(11111, 101, 100, true)]
    [InlineData(11111, 99, 100, false)]
    [InlineData(11112, 101, 100, false)]
    public void A_row_of_the_own_endpoint_that_is_not_older_is_found(int port, int generation, int own, bool isFound)
    {
        MembershipEntry[] rows = [Row(11111, 5, SiloStatus.Dead, default), Row(port, generation, SiloStatus.Dead, default)];
        Assert.Equal(isFound ? generation : null, MemberRows.FindLater(rows, Own, own)?.Generation);
    }

    [Fact]
    public async Task A_silo_starts_above_a_row_of_its_address_that_a_clock_ahead_left()
    {
        var later = SiloAddress.AllocateNewGeneration() + 3_600;
        var identity = Identity();
        var table = new Table(Row(Own.Port, later, SiloStatus.Dead, Now));
        await MendAsync(table, identity);
        Assert.Equal(SiloAddress.New(Own, later + 1), identity.SiloAddress);
        Assert.Empty(table.Updates);
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_and_seems_to_live_in_the_future_is_declared_dead()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var living = ((IPEndPoint)listener.LocalEndpoint).Port;
        var table = new Table(
            Row(living, 1, SiloStatus.Active, Now.AddHours(1)),
            Row(FreePort.Tcp(), 2, SiloStatus.Active, Now.AddHours(1)),
            Row(FreePort.Tcp(), 3, SiloStatus.Active, Now.AddDays(30)),
            Row(FreePort.Tcp(), 4, SiloStatus.Active, Now.AddSeconds(40)),
            Row(FreePort.Tcp(), 5, SiloStatus.Dead, Now.AddDays(30)),
            Row(FreePort.Tcp(), 6, SiloStatus.Active, Now.AddDays(30))) { Living = 6 };
        var identity = Identity();
        await MendAsync(table, identity);

        Assert.Equal([2, 3], table.Updates.Select(row => row.SiloAddress.Generation));
        Assert.All(table.Updates, row => Assert.Equal(SiloStatus.Dead, row.Status));
        Assert.Equal(Own, identity.SiloAddress.Endpoint);
    }

    // The wait for signs of life passes at once.
    private static async Task MendAsync(Table table, SiloIdentity identity)
    {
        var time = new ManualTimeProvider();
        time.MoveTo(Now - time.GetUtcNow().UtcDateTime + time.Elapsed);
        var mending = MemberRows.MendAsync(table, identity, time, NullLogger.Instance);
        while (!mending.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await mending;
    }

    private static SiloIdentity Identity() => new(
        Options.Create(new SiloOptions { SiloName = "silo" }),
        Options.Create(new ClusterOptions { ClusterId = "kad" }),
        Options.Create(new EndpointOptions { AdvertisedIPAddress = Own.Address, SiloPort = Own.Port, GatewayPort = 30000 }));

    private static MembershipEntry Row(int port, int generation, SiloStatus status, DateTime alive) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation),
        Status = status,
        IAmAliveTime = alive,
    };

    private sealed class Table(params MembershipEntry[] rows) : IMembershipTable
    {
        public List<MembershipEntry> Updates { get; } = [];

        /// <summary>The generation of a silo that cannot be reached and goes on writing that it lives.</summary>
        public int? Living { get; init; }

        public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

        public Task<MembershipTableData> ReadAll() =>
            Task.FromResult(new MembershipTableData([.. rows.Select(row => Tuple.Create(row, "1"))], new TableVersion(1, "1")));

        public Task UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();

        public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

        public Task<MembershipTableData> ReadRow(SiloAddress key) =>
            Task.FromResult(new MembershipTableData(Tuple.Create(Later(rows.Single(row => row.SiloAddress.Equals(key))), "1"), new TableVersion(1, "1")));

        private MembershipEntry Later(MembershipEntry row) => row.SiloAddress.Generation != Living
            ? row
            : new MembershipEntry { SiloAddress = row.SiloAddress, Status = row.Status, IAmAliveTime = row.IAmAliveTime.AddSeconds(10) };

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => throw new NotSupportedException();

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
        {
            Updates.Add(entry);
            return Task.FromResult(true);
        }
    }
}
