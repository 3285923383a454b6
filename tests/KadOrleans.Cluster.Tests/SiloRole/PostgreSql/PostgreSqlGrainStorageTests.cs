using KadOrleans.GrainStorage.PostgreSql;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
public sealed class PostgreSqlGrainStorageTests(PostgreSqlSilo silo) : GrainStorageConformance, IClassFixture<PostgreSqlSilo>
{
    private readonly GrainId _grain = Samples.Grain();

    protected override IGrainStorage Storage => silo.Storage;

    [Fact]
    public void A_silo_says_where_grain_state_is()
    {
        Assert.IsType<PostgreSqlGrainStorage>(Storage);
        Assert.Contains("Grain state is in PostgreSQL: database postgres at 127.0.0.1", silo.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_first_writes_that_see_nothing_of_each_other_one_fails_and_the_state_can_be_read()
    {
        var other = await PostgreSqlStorage.OrleansAsync(silo.Server.ConnectionString, silo.Services.GetRequiredService<IOptions<ClusterOptions>>().Value);
        await using var gate = await InsertGate.CloseAsync(silo.Server);
        var first = Record.ExceptionAsync(() => Storage.WriteAsync(_grain, "first"));
        await gate.HeldAsync(1);
        var second = Record.ExceptionAsync(() => other.WriteAsync(_grain, "second"));
        await gate.HeldAsync(2);
        await gate.OpenAsync();

        Assert.Null(await first);
        Assert.IsAssignableFrom<InconsistentStateException>(await second);
        Assert.Equal("first", (await Storage.ReadAsync(_grain)).State!.Text);
    }

    [Fact]
    public async Task A_first_write_that_a_crash_of_the_server_broke_off_left_nothing_and_the_next_is_kept()
    {
        var kept = await Storage.WriteAsync(_grain, "kept", "other");
        await using (var gate = await InsertGate.CloseAsync(silo.Server))
        {
            var broken = Record.ExceptionAsync(() => Storage.WriteAsync(_grain, "broken off"));
            await gate.HeldAsync(1);
            await silo.Server.CrashAsync();
            Assert.NotNull(await broken);
        }

        Assert.False((await Storage.ReadAsync(_grain)).RecordExists);
        await Storage.WriteAsync(_grain, "after");
        await Storage.WriteStateAsync("other", _grain, kept);

        Assert.Equal("after", (await Storage.ReadAsync(_grain)).State!.Text);
        Assert.Equal(("kept", kept.ETag), ((await Storage.ReadAsync(_grain, "other")).State!.Text, kept.ETag));
    }
}
