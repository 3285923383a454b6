using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class SqliteManagementStoreTests : SqliteTests
{
    private static readonly DateTimeOffset Since = new(2026, 11, 1, 2, 3, 4, 567, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_set_is_there_after_a_restart_to_the_unit()
    {
        LimitEntry[] limits = [new("totalBytes", (1L << 50) - 1, Since), new("upload", 0, Since.AddDays(1)), new("ofALaterRelease", 5, Since.AddDays(2))];
        BanEntry[] bans = [new(Ban.Parse("203.0.113.0/24"), Since), new(Ban.Parse("2001:db8::/32"), Since.AddDays(1))];
        await using (var store = new SqliteManagementStore(Folder.Path))
        {
            await store.SaveAsync(new NodeRules([bans[1]]), Token);
            await store.SaveAsync(new NodeRules(bans) { Limits = limits }, Token);
            Assert.Equal(bans, (await store.LoadAsync(Token)).Bans);
        }

        await using var again = new SqliteManagementStore(Folder.Path);
        var rules = await again.LoadAsync(Token);
        Assert.Equal(limits, rules.Limits);
        Assert.Equal(bans, rules.Bans);
        await again.SaveAsync(rules with { Limits = [] }, Token);
        Assert.Empty((await again.LoadAsync(Token)).Limits);
    }

    [Fact]
    public async Task An_empty_file_of_a_change_that_found_no_room_has_no_rules_and_is_not_opened_to_say_so()
    {
        var path = Folder[SqliteManagementStore.FileName];
        File.Create(path).Dispose();
        await using var store = new SqliteManagementStore(Folder.Path);

        Assert.Empty((await store.LoadAsync(Token)).Bans);
        Assert.Empty(await store.ReadAuditAsync(1, null, Token));
        Assert.Equal(0, new FileInfo(path).Length);
        await store.SaveAsync(new NodeRules([new(Ban.Parse("203.0.113.0/24"), Since)]), Token);
        Assert.Single((await store.LoadAsync(Token)).Bans);
    }

    [Fact]
    public async Task Who_waits_while_the_store_is_closed_fails_and_does_not_wait_for_ever()
    {
        var store = new SqliteManagementStore(Folder.Path);
        var before = Enumerable.Range(0, 20).Select(_ => store.SaveAsync(NodeRules.None, Token).AsTask()).ToList();
        var closing = store.DisposeAsync().AsTask();
        var after = Enumerable.Range(0, 5).Select(_ => store.SaveAsync(NodeRules.None, Token).AsTask()).ToList();

        await closing;
        var outcomes = await Task.WhenAll(before.Concat(after).Select(async save => await Record.ExceptionAsync(() => save)))
            .WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.All(outcomes, outcome => Assert.True(outcome is null or KeyStoreException, outcome?.ToString()));
        Assert.All(outcomes.Skip(before.Count), outcome => Assert.IsType<KeyStoreException>(outcome));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task The_last_entries_of_the_audit_log_outlive_a_restart()
    {
        await using (var store = new SqliteManagementStore(Folder.Path, maxAudit: 5))
        {
            Assert.Empty(await store.ReadAuditAsync(10, null, Token));
            for (var i = 0; i < 12; i++)
            {
                await store.RecordAsync(new AuditEntry(Since.AddSeconds(i), "me", "delete", $"{i}", i % 2 == 0, "done"), Token);
            }
        }

        await using var again = new SqliteManagementStore(Folder.Path, maxAudit: 5);
        var entries = await again.ReadAuditAsync(10, null, Token);
        Assert.Equal(["11", "10", "9", "8", "7"], entries.Select(entry => entry.Target));
        Assert.Equal(new AuditEntry(Since.AddSeconds(11), "me", "delete", "11", false, "done") { Number = 12 }, entries[0]);
        Assert.Equal(["8", "7"], (await again.ReadAuditAsync(10, entries[2].Number, Token)).Select(entry => entry.Target));
    }

    [Theory]
    [InlineData("UPDATE rule SET since = 9000000000000000000")]
    [InlineData("UPDATE audit SET time = -9000000000000000000")]
    public async Task A_time_that_a_damaged_disk_has_changed_is_told_in_a_sentence(string damage)
    {
        await using (var store = new SqliteManagementStore(Folder.Path))
        {
            await store.SaveAsync(new NodeRules([new(Ban.Parse("203.0.113.0/24"), Since)]), Token);
            await store.RecordAsync(new AuditEntry(Since, "me", "delete", "x", true, "done"), Token);
        }

        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Folder.Path, SqliteManagementStore.FileName)};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = damage;
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        await using var again = new SqliteManagementStore(Folder.Path);
        var damaged = await Assert.ThrowsAsync<KeyStoreException>(async () =>
        {
            await again.LoadAsync(Token);
            await again.ReadAuditAsync(10, null, Token);
        });
        Assert.Contains("a time in it is unreadable", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_change_there_is_no_file_and_one_of_another_kind_is_refused_with_a_sentence()
    {
        await using (var unchanged = new SqliteManagementStore(Folder.Path))
        {
            Assert.Empty((await unchanged.LoadAsync(Token)).Bans);
            Assert.Empty(Directory.EnumerateFiles(Folder.Path));
        }

        File.WriteAllText(Folder[SqliteManagementStore.FileName], "no database at all, but long enough to be looked at as one");
        await using var store = new SqliteManagementStore(Folder.Path);

        var refused = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.LoadAsync(Token));

        Assert.Contains(SqliteManagementStore.FileName, refused.Message, StringComparison.Ordinal);
    }
}
