namespace KadOrleans.Tests.Cli;

public sealed class StateRoundTripTests
{
    private static readonly DhtValue Kept = SignedItems.Sign(1, "4:kept").ToValue();

    [Fact]
    public void All_that_another_store_needs_of_a_value_is_written_and_read() => Randomized.ForSeeds(100, random =>
    {
        KeyValuePair<NodeId, StoredValue>[] entries =
            [.. Enumerable.Range(0, random.Next(40)).Select(_ => KeyValuePair.Create(random.NextId(), NextValue(random)))];

        Assert.Equal(Properties(entries), Properties(Read(Write(entries))));
    });

    [Theory]
    [InlineData("", true)]
    [InlineData(",\"more\":1", true)]
    [InlineData(",\"publishedAt\":null", true)]
    [InlineData(",\"publishedAt\":\"2026-01-02T03:04:05.678Z\"", false)]
    public void A_value_without_a_publication_is_one_that_others_published_and_unknown_fields_are_ignored(string field, bool isOthers) =>
        Assert.Equal(isOthers, Assert.Single(Read(File(field))).Value.PublishedAt is null);

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

    // By reflection: a property that is added later is written too, or named here.
    private static IEnumerable<(NodeId Key, string Property, object? Value)> Properties(IEnumerable<KeyValuePair<NodeId, StoredValue>> entries) =>
        from entry in entries
        from property in typeof(StoredValue).GetProperties()
        where property.Name is not (nameof(StoredValue.IsFar) or nameof(StoredValue.CallId))
        select (entry.Key, property.Name, property.GetValue(entry.Value));

    /// <summary>With times of whole milliseconds, as a file has them.</summary>
    private static StoredValue NextValue(SeededRandomSource random)
    {
        var stored = random.NextStored();
        stored = stored with
        {
            StoredAt = Whole(stored.StoredAt),
            ExpiresAt = Whole(stored.ExpiresAt),
            PublishedAt = stored.PublishedAt is { } at ? Whole(at) : null,
        };
        return stored.IsKept ? stored with { Value = Kept, StoredAt = stored.ExpiresAt - KeepRules.Longest } : random.Next(3) switch
        {
            0 => stored with { Value = StoredValues.EdgeCases[random.Next(StoredValues.EdgeCases.Count)] },
            1 => stored with { Value = DhtValue.FromString(new string('"', random.Next(StoreRules.MaxContentLength))) },
            _ => stored,
        };

        static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
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
