using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.Tests.Node;

public sealed class StateRoundTripTests
{
    [Fact]
    public void What_is_written_is_read_with_times_source_and_publication() =>
        Prop.ForAll(StateGenerators.Entries.ToArbitrary(), entries => Read(Write(entries)).SequenceEqual(entries))
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task Id_and_contacts_of_a_node_are_read_with_its_values()
    {
        var (id, other) = (NodeId.Parse(new string('a', 40)), NodeId.Parse(new string('b', 40)));
        var contact = new Contact(other, UdpEndpoint.Parse("192.0.2.1:8468"));
        using var stream = new MemoryStream();
        await StateWriter.WriteAsync(stream, new NodeState(id, [contact]), Entries([]), TestContext.Current.CancellationToken);

        stream.Position = 0;
        var reader = new StateReader(stream, "node");
        Assert.Empty(reader.ReadValues());
        Assert.Equal((id, contact), (reader.Id, Assert.Single(reader.Contacts)));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(",\"publishedAt\":null", true)]
    [InlineData(",\"publishedAt\":\"2026-01-02T03:04:05.678Z\"", false)]
    public void A_value_without_a_publication_is_one_that_others_published(string field, bool isOthers) =>
        Assert.Equal(isOthers, Assert.Single(Read(File(field))).Value.PublishedAt is null);

    [Fact]
    public void Fields_of_a_value_that_are_not_known_are_ignored() => Assert.Single(Read(File(",\"more\":1")));

    [Theory]
    [InlineData(",\"publishedAt\":\"yesterday\"", "'yesterday' is not a valid time for publishedAt")]
    [InlineData(",\"publishedAt\":true", "'' is not a valid time for publishedAt")]
    [InlineData(",\"publishedAt\":{}", "'publishedAt' is not a plain value")]
    [InlineData(",\"source\":\"x\"", "'x' is not a source")]
    [InlineData(",\"expiresAt\":7", "'7' is not a valid time for expiresAt")]
    public void A_broken_field_is_told_with_the_files_name(string field, string sentence)
    {
        var error = Assert.Throws<StateFileException>(() => Read(File(field)));

        Assert.StartsWith("'test' is not a kad-state file of version 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_ends_too_early_is_refused_wherever_it_ends()
    {
        var file = File(string.Empty);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<StateFileException>(() => Read(file[..length]));
        }
    }

    private static byte[] File(string field) => Encoding.UTF8.GetBytes(
        $"{{\"format\":\"kad-state\",\"version\":1,\"values\":[{{\"key\":\"{new string('1', 40)}\",\"type\":\"int\",\"value\":1,"
        + $"\"storedAt\":\"2026-01-02T03:04:05.678Z\",\"expiresAt\":\"2999-01-01T00:00:00.000Z\"{field}}}]}}");

    private static byte[] Write(IEnumerable<KeyValuePair<NodeId, StoredValue>> entries)
    {
        using var stream = new MemoryStream();
        StateWriter.WriteAsync(stream, null, Entries(entries), CancellationToken.None).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static List<KeyValuePair<NodeId, StoredValue>> Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return [.. new StateReader(stream, "test").ReadValues()];
    }

    private static IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> Entries(IEnumerable<KeyValuePair<NodeId, StoredValue>> entries) =>
        entries.ToAsyncEnumerable();
}
