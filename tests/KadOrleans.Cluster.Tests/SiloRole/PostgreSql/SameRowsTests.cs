namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Orleans' provider for ADO.NET and this project's storage on PostgreSQL write the same rows, and go on with each other's.</summary>
[Needs(Need.PostgreSql)]
public sealed class SameRowsTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    private static readonly GrainType Type = GrainType.Create("sample");

    private readonly SeededRandomSource _random = new(44);

    [Fact]
    public async Task Rows_are_those_of_Orleans_provider_whatever_the_grain_and_the_state()
    {
        IGrainStorage[] storages = [await PostgreSqlStorage.OrleansAsync(Connection), PostgreSqlStorage.Own(Connection, new ManualTimeProvider())];
        foreach (var (grain, name) in Grains().Zip(Names()))
        {
            var rows = new List<string>();
            foreach (var storage in storages)
            {
                var state = await storage.WriteAsync(grain, "first", name);
                rows.Add(await ReadRowsAsync());
                state.State!.Text = "second";
                await storage.WriteStateAsync(name, grain, state);
                rows.Add(await ReadRowsAsync());
                await storage.ClearStateAsync(name, grain, state);
                rows.Add(await ReadRowsAsync());
                await database.Server.ExecuteAsync("DELETE FROM orleansstorage");
            }

            Assert.Equal(rows.Take(3), rows.Skip(3));
            Assert.Equal(3, rows.Distinct().Count());
        }
    }

    [Fact]
    public async Task Each_reads_writes_and_clears_what_the_other_wrote_and_refuses_what_is_stale()
    {
        var (orleans, own) = (await PostgreSqlStorage.OrleansAsync(Connection), PostgreSqlStorage.Own(Connection, new ManualTimeProvider()));
        foreach (var (one, other) in ((IGrainStorage, IGrainStorage)[])[(orleans, own), (own, orleans)])
        {
            foreach (var (grain, name) in Grains().Zip(Names()))
            {
                var written = await one.WriteAsync(grain, "one's", name);
                var read = await other.ReadAsync(grain, name);
                Assert.Equal((true, "one's", written.ETag), (read.RecordExists, read.State!.Text, read.ETag));

                read.State.Text = "the other's";
                await other.WriteStateAsync(name, grain, read);
                await Assert.ThrowsAnyAsync<InconsistentStateException>(() => one.WriteStateAsync(name, grain, written));
                await Assert.ThrowsAnyAsync<InconsistentStateException>(() => one.WriteAsync(grain, "a first one", name));
                written = await one.ReadAsync(grain, name);
                Assert.Equal(("the other's", read.ETag), (written.State!.Text, written.ETag));

                await one.ClearStateAsync(name, grain, written);
                read = await other.ReadAsync(grain, name);
                Assert.Equal((false, written.ETag), (read.RecordExists, read.ETag));
                await other.WriteStateAsync(name, grain, read);
                Assert.Equal(read.ETag, (await one.ReadAsync(grain, name)).ETag);
            }

            await database.Server.ExecuteAsync("DELETE FROM orleansstorage");
        }
    }

    private string Connection => database.Server.ConnectionString;

    // Keys of all forms and of all lengths up to some blocks of the hash.
    private IEnumerable<GrainId> Grains() =>
    [
        GrainId.Create(Type, GrainIdKeyExtensions.CreateIntegerKey(0)),
        GrainId.Create(Type, GrainIdKeyExtensions.CreateIntegerKey(-7)),
        GrainId.Create(Type, GrainIdKeyExtensions.CreateIntegerKey(long.MaxValue, "and more")),
        GrainId.Create(Type, GrainIdKeyExtensions.CreateGuidKey(Guid.NewGuid())),
        GrainId.Create(Type, GrainIdKeyExtensions.CreateGuidKey(Guid.NewGuid(), "ümläut 漢")),
        GrainId.Create(Type, GrainKeys.RoutingTable(_random.NextId())),
        .. Enumerable.Range(1, 30).Select(length => GrainId.Create(Type, new string('z', length))),
        .. Enumerable.Range(0, 10).Select(i => GrainId.Create(Type, $"é{Convert.ToBase64String(_random.NextBytes(i))}")),
    ];

    private static IEnumerable<string> Names() => Enumerable.Range(1, int.MaxValue).Select(length => $"kad-ä{new string('n', length % 40)}");

    private async Task<string> ReadRowsAsync() =>
        (string)(await database.Server.ReadAsync("SELECT jsonb_agg(to_jsonb(state) - 'modifiedon')::text FROM orleansstorage AS state"))!;
}
