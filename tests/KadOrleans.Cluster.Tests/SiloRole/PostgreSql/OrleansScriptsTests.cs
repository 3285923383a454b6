namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql | Need.OrleansScripts)]
public sealed class OrleansScriptsTests : FolderTests
{
    [Fact]
    public async Task The_schema_is_applied_beside_a_silo_with_Orleans_queries_and_one_with_its_own_joins_it()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var database = await SchemaProgram.CreateByOrleansAsync(server, "theirs");
        await using var older = await PostgreSqlSilo.StartAsync(Folder, database.Owner.ConnectionString);
        var grain = Samples.Grain();
        var reminder = new ReminderEntry
        {
            GrainId = grain,
            ReminderName = "wake",
            StartAt = DateTime.UtcNow.AddDays(1),
            Period = TimeSpan.FromDays(1),
        };
        var state = await Storage(older).WriteAsync(grain, "by Orleans' queries");
        await Reminders(older).UpsertRow(reminder);

        var applied = await database.ApplyAsync();
        Assert.True(applied.Code == 0, applied.Errors);
        await using var newer = await PostgreSqlSilo.StartAsync(Folder, database.Owner.ConnectionString);

        var members = await Task.WhenAll(
            ((HostedSilo[])[older, newer]).Select(silo => silo.Services.GetRequiredService<IMembershipTable>().ReadAllAsync()));
        Assert.All(members, read => Assert.Equal(2, read.Members.Count(member => member.Item1.Status == SiloStatus.Active)));
        Assert.Equal(members[0].Version.VersionEtag, members[1].Version.VersionEtag);

        var read = await Storage(newer).ReadAsync(grain);
        Assert.Equal(("by Orleans' queries", state.ETag), (read.State!.Text, read.ETag));
        read.State.Text = "by the schema's";
        await Storage(newer).WriteStateAsync(Samples.Name, grain, read);
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage(older).WriteStateAsync(Samples.Name, grain, state));
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => Storage(older).WriteAsync(grain, "first"));
        state = await Storage(older).ReadAsync(grain);
        Assert.Equal("by the schema's", state.State!.Text);
        await Storage(older).WriteStateAsync(Samples.Name, grain, state);

        Assert.Equal("0", Assert.Single((await Reminders(newer).ReadRows(grain)).Reminders).ETag);
        var tag = await Reminders(newer).UpsertRow(reminder);
        Assert.True(await Reminders(older).RemoveRow(grain, "wake", tag!));
    }

    private static IGrainStorage Storage(HostedSilo silo) => silo.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    private static IReminderTable Reminders(HostedSilo silo) => silo.Services.GetRequiredService<IReminderTable>();
}
