using FsCheck;
using FsCheck.Fluent;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class ValueCodecTests
{
    [Fact]
    public void Any_bytes_are_either_refused_or_the_only_form_of_a_value()
    {
        var bytes = Gen.Choose(0, 9).SelectMany(type => ArbMap.Default.GeneratorFor<byte[]>()
            .Select(content => (byte[])[(byte)type, .. content]));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(bytes.ToArbitrary(), encoded =>
            !ValueCodec.TryDecode(encoded, out var value)
            || value.Kind == DhtValueKind.Float
            || ValueCodec.Encode(value).AsSpan().SequenceEqual(encoded)));
    }

    [Fact]
    public void Content_longer_than_the_wire_carries_and_no_bytes_are_refused()
    {
        var encoded = new byte[1 + StoreRules.MaxContentLength + 1];
        encoded[0] = 7;

        Assert.False(ValueCodec.TryDecode(encoded, out _));
        Assert.False(ValueCodec.TryDecode([], out _));
        Assert.True(ValueCodec.TryDecode(encoded.AsSpan()[..^1], out _));
    }
}
