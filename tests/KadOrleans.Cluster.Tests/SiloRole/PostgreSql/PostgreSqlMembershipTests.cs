using Orleans.Configuration;
using Orleans.Runtime.Membership;
using Orleans.Runtime.MembershipService;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
public sealed class PostgreSqlMembershipTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    private static readonly DateTime Now = new(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    private readonly string _cluster = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_cluster_begins_once_and_a_silo_joins_once_and_only_by_the_version_that_it_read()
    {
        var table = await OpenAsync();
        await (await OpenAsync()).InitializeMembershipTableAsync(true);
        var empty = await table.ReadAllAsync();
        Assert.Equal((0, "0"), (empty.Version.Version, empty.Version.VersionEtag));
        Assert.Empty(empty.Members);
        var entry = Entry(1);

        Assert.True(await table.InsertRowAsync(entry, empty.Version.Next()));
        Assert.False(await table.InsertRowAsync(Entry(2), empty.Version.Next()));
        var joined = await table.ReadAllAsync();
        Assert.False(await table.InsertRowAsync(entry, joined.Version.Next()));

        var after = await table.ReadRowAsync(entry.SiloAddress);
        Assert.Equal(1, after.Version.Version);
        var read = Assert.Single(after.Members).Item1;
        Assert.Equal(
            (entry.SiloAddress, entry.SiloName, entry.HostName, entry.Status, entry.ProxyPort, entry.StartTime, entry.IAmAliveTime),
            (read.SiloAddress, read.SiloName, read.HostName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Null(read.SuspectTimes);
        Assert.Empty((await table.ReadRowAsync(Entry(2).SiloAddress)).Members);
    }

    [Fact]
    public async Task A_change_is_kept_by_the_version_that_was_read_and_no_other()
    {
        var table = await OpenAsync();
        var (first, second) = (Entry(1), Entry(2));
        await InsertAsync(table, first, second);
        var read = await table.ReadAllAsync();
        var vote = Tuple.Create(second.SiloAddress, Now.AddSeconds(-3));
        first.Status = SiloStatus.Dead;
        first.SuspectTimes = [vote];

        Assert.False(await table.UpdateRowAsync(first, "1", new TableVersion(2, "1")));
        Assert.Equal(SiloStatus.Active, (await table.ReadRowAsync(first.SiloAddress)).Members[0].Item1.Status);
        Assert.False(await table.UpdateRowAsync(Entry(3), "2", read.Version.Next()));
        Assert.True(await table.UpdateRowAsync(first, "2", read.Version.Next()));

        var changed = await table.ReadAllAsync();
        Assert.Equal((3, 2), (changed.Version.Version, changed.Members.Count));
        var dead = changed.Members.Single(member => member.Item1.SiloAddress.Equals(first.SiloAddress)).Item1;
        Assert.Equal((SiloStatus.Dead, vote), (dead.Status, Assert.Single(dead.SuspectTimes!)));
    }

    [Fact]
    public async Task Of_changes_at_once_exactly_one_is_kept()
    {
        var table = await OpenAsync();
        var entries = Enumerable.Range(1, 8).Select(Entry).ToArray();
        await InsertAsync(table, entries);
        var version = (await table.ReadAllAsync()).Version;

        var kept = await Task.WhenAll(entries.Select(async entry =>
        {
            entry.Status = SiloStatus.ShuttingDown;
            return entry.SiloAddress.Generation % 2 == 0
                ? await table.UpdateRowAsync(entry, version.VersionEtag, version.Next())
                : await table.InsertRowAsync(Entry(100 + entry.SiloAddress.Generation), version.Next());
        }));

        Assert.Single(kept, done => done);
        Assert.Equal(version.Version + 1, (await table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task A_sign_of_life_changes_the_row_alone()
    {
        var table = await OpenAsync();
        var entry = Entry(1);
        await InsertAsync(table, entry);
        entry.Status = SiloStatus.Dead;
        entry.IAmAliveTime = Now.AddHours(1);

        await table.UpdateIAmAliveAsync(entry);

        var read = await table.ReadRowAsync(entry.SiloAddress);
        Assert.Equal(1, read.Version.Version);
        Assert.Equal((SiloStatus.Active, Now.AddHours(1)), (read.Members[0].Item1.Status, read.Members[0].Item1.IAmAliveTime));
    }

    // An older provider does not know the query for one silo.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dead_silos_that_were_last_seen_before_a_time_are_cleaned_up(bool oneByOne)
    {
        if (!oneByOne)
        {
            await database.Server.ExecuteAsync("UPDATE orleansquery SET querykey = 'hidden' WHERE querykey = 'CleanupDefunctSiloEntryKey'");
        }

        try
        {
            var table = await OpenAsync();
            var (active, dead, voted, late) = (Entry(1), Entry(2), Entry(3), Entry(4));
            (dead.Status, voted.Status, late.Status) = (SiloStatus.Dead, SiloStatus.Dead, SiloStatus.Dead);
            late.IAmAliveTime = Now.AddHours(2);
            await InsertAsync(table, active, dead, voted, late);
            voted.SuspectTimes = [Tuple.Create(active.SiloAddress, Now.AddMinutes(-5)), Tuple.Create(late.SiloAddress, Now)];
            Assert.True(await table.UpdateRowAsync(voted, "4", new TableVersion(5, "4")));

            await table.CleanupDefunctSiloEntriesAsync(Now.AddHours(1));

            var left = await table.ReadAllAsync();
            Assert.Equal([1, 4], left.Members.Select(member => member.Item1.SiloAddress.Generation).Order());
            Assert.Equal(5, left.Version.Version);
        }
        finally
        {
            await database.Server.ExecuteAsync("UPDATE orleansquery SET querykey = 'CleanupDefunctSiloEntryKey' WHERE querykey = 'hidden'");
        }
    }

    [Fact]
    public async Task Gateways_are_those_of_active_silos_that_have_one()
    {
        var table = await OpenAsync();
        var (active, without, joining) = (Entry(1), Entry(2), Entry(3));
        without.ProxyPort = 0;
        joining.Status = SiloStatus.Joining;
        await InsertAsync(table, active, without, joining);
        var gateways = new AdoNetGatewayListProvider(
            NullLogger<AdoNetGatewayListProvider>.Instance,
            new ServiceCollection().BuildServiceProvider(),
            Options.Create(new AdoNetClusteringClientOptions { Invariant = "Npgsql", ConnectionString = database.Server.ConnectionString }),
            Options.Create(new GatewayOptions()),
            Options.Create(new ClusterOptions { ClusterId = _cluster }));
        await gateways.InitializeGatewayListProviderAsync();

        Assert.Equal(
            SiloAddress.New(active.SiloAddress.Endpoint.Address, active.ProxyPort, active.SiloAddress.Generation).ToGatewayUri(),
            Assert.Single(await gateways.GetGatewaysAsync()));
    }

    [Fact]
    public async Task A_cluster_is_deleted_whole_and_no_other()
    {
        var table = await OpenAsync();
        await InsertAsync(table, Entry(1));
        var own = "SELECT count(*) FROM orleansmembershiptable JOIN orleansmembershipversiontable USING (deploymentid)";
        var before = await database.Server.ReadAsync(own);

        await table.DeleteMembershipTableEntriesAsync(_cluster);

        Assert.Equal((long)before! - 1, await database.Server.ReadAsync(own));
        await table.InitializeMembershipTableAsync(true);
        Assert.Equal(0, (await table.ReadAllAsync()).Version.Version);
    }

    private static MembershipEntry Entry(int generation) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 11111, generation),
        SiloName = $"silo {generation}",
        HostName = "host",
        Status = SiloStatus.Active,
        ProxyPort = 30000,
        StartTime = Now.AddMinutes(-1),
        IAmAliveTime = Now,
    };

    private static async Task InsertAsync(AdoNetClusteringTable table, params MembershipEntry[] entries)
    {
        foreach (var entry in entries)
        {
            Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync()).Version.Next()));
        }
    }

    private async Task<AdoNetClusteringTable> OpenAsync()
    {
        var table = new AdoNetClusteringTable(
            new ServiceCollection().BuildServiceProvider(),
            Options.Create(new ClusterOptions { ClusterId = _cluster }),
            Options.Create(new AdoNetClusteringSiloOptions { Invariant = "Npgsql", ConnectionString = database.Server.ConnectionString }),
            NullLogger<AdoNetClusteringTable>.Instance);
        await table.InitializeMembershipTableAsync(true);
        return table;
    }
}
