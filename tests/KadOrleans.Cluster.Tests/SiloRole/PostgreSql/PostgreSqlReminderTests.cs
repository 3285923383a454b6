using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
public sealed class PostgreSqlReminderTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    private static readonly DateTime Start = new(2099, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    private readonly string _service = Guid.NewGuid().ToString("N");

    // More milliseconds than an int has.
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_reminder_is_read_as_it_was_set_and_each_setting_has_an_ETag_of_its_own(int days)
    {
        var table = await OpenAsync();
        var entry = Entry(1, TimeSpan.FromDays(days));
        var first = await table.UpsertRow(entry);
        entry.StartAt = Start.AddDays(1);
        entry.Period *= 2;
        var second = await table.UpsertRow(entry);

        var read = await table.ReadRow(entry.GrainId, entry.ReminderName);

        Assert.NotEqual(first, second);
        Assert.Equal(
            (entry.GrainId, entry.ReminderName, entry.StartAt, entry.Period, second),
            (read!.GrainId, read.ReminderName, read.StartAt, read.Period, read.ETag));
        Assert.Equal(second, Assert.Single((await table.ReadRows(entry.GrainId)).Reminders).ETag);
        Assert.Null(await table.ReadRow(entry.GrainId, "other"));
    }

    [Fact]
    public async Task A_reminder_is_removed_by_its_last_ETag_alone()
    {
        var table = await OpenAsync();
        var entry = Entry(1);
        var first = await table.UpsertRow(entry);
        var second = await table.UpsertRow(entry);

        Assert.False(await table.RemoveRow(entry.GrainId, entry.ReminderName, first!));
        Assert.True(await table.RemoveRow(entry.GrainId, entry.ReminderName, second!));
        Assert.False(await table.RemoveRow(entry.GrainId, entry.ReminderName, second!));
        Assert.Null(await table.ReadRow(entry.GrainId, entry.ReminderName));
    }

    [Fact]
    public async Task A_part_of_the_ring_has_the_reminders_behind_its_begin_and_up_to_its_end()
    {
        var table = await OpenAsync();
        var entries = Enumerable.Range(0, 40).Select(grain => Entry(grain)).ToList();
        foreach (var entry in entries)
        {
            await table.UpsertRow(entry);
        }

        var hashes = entries.Select(entry => entry.GrainId.GetUniformHashCode()).ToList();
        uint[] bounds = [0, 1, int.MaxValue, (uint)int.MaxValue + 1, uint.MaxValue, .. hashes.Take(3)];

        foreach (var (begin, end) in bounds.SelectMany(begin => bounds.Select(end => (begin, end))))
        {
            var read = (await table.ReadRows(begin, end)).Reminders.Select(entry => entry.GrainId.GetUniformHashCode());

            // A part from a hash to itself is the whole ring.
            var expected = hashes.Where(hash => begin == end || hash - begin - 1 < end - begin);
            Assert.Equal(expected.Order(), read.Order());
        }

        await table.TestOnlyClearTable();
        Assert.Empty((await table.ReadRows(0, 0)).Reminders);
    }

    private static ReminderEntry Entry(int grain, TimeSpan? period = null) => new()
    {
        GrainId = GrainId.Create("sample", $"{grain}"),
        ReminderName = "wake",
        StartAt = Start,
        Period = period ?? TimeSpan.FromHours(1),
    };

    private async Task<IReminderTable> OpenAsync()
    {
        var table = new ServiceCollection()
            .AddLogging()
            .Configure<ClusterOptions>(cluster => cluster.ServiceId = _service)
            .UseAdoNetReminderService(reminders => reminders.Configure(options =>
            {
                options.Invariant = "Npgsql";
                options.ConnectionString = database.Server.ConnectionString;
            }))
            .BuildServiceProvider()
            .GetRequiredService<IReminderTable>();
        await table.StartAsync();
        return table;
    }
}
