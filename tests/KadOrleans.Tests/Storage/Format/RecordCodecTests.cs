using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class RecordCodecTests
{
    private const string Key = "372ea08cab33e71c02c651dbc83a474d32c676ea";
    private const string Times = "0000018df4dc5495" + "0000018e18e8d895";
    private const string Source = "0000000000000000" + "0000ffffcb007105";
    private const string Content = "0002" + "0176";

    private static readonly DateTimeOffset StoredAt = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);
    private static readonly SourceNetwork Alice = new(0, 0xFFFF_CB00_7105);

    /// <summary>The bytes of a file of version 5.</summary>
    [Theory]
    [InlineData("01", "", true, false, false)]
    [InlineData("21", "", true, false, true)]
    [InlineData("02", Source, false, false, false)]
    [InlineData("12", Source, false, true, false)]
    [InlineData("22", Source, false, false, true)]
    [InlineData("32", Source, false, true, true)]
    [InlineData("61", "", true, false, true, true)]
    public void A_put_has_a_bit_for_an_author_for_a_proven_source_and_for_what_is_kept(
        string type, string source, bool isTrusted, bool isProven, bool isAuthored, bool isKept = false)
    {
        var golden = type + Key + Times + source + Content;
        var value = new StoredValue(
            DhtValue.FromString("v"), StoredAt, StoredAt.AddDays(7), isTrusted ? SourceNetwork.Trusted : Alice.WithProof(isProven))
        {
            IsAuthored = isAuthored,
            IsKept = isKept,
        };
        var bytes = new byte[RecordCodec.LengthOf(value)];

        Assert.Equal(bytes.Length, RecordCodec.WritePut(bytes, NodeId.FromKey("text"), value));
        Assert.Equal(golden, Convert.ToHexStringLower(bytes));
        ReadOnlySpan<byte> rest = bytes;
        Assert.True(RecordCodec.TryTake(ref rest, out var record));
        Assert.True(record.TryReadValue(out var read));
        Assert.Equal(value, read);
        Assert.True(record.TryReadHead(out var head));
        Assert.Equal(StoreShare.Of(value), head.Share);
        Assert.True(rest.IsEmpty);
    }

    [Fact]
    public void A_removal_has_no_marks() => Assert.All(new byte[] { 0x10, 0x20, 0x30, 0x03, 0x40 }, type =>
    {
        ReadOnlySpan<byte> bytes = Convert.FromHexString($"{type:x2}{Key}{Times}{Source}{Content}");
        Assert.False(RecordCodec.TryTake(ref bytes, out _));
    });
}
