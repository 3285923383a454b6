using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Core;

/// <summary>Whoever passes null by mistake is told to which parameter, by the name that it has in the call.</summary>
public sealed class NullArgumentTests
{
    public static readonly TheoryData<Type> Surfaces =
    [
        typeof(DhtExtensions), typeof(DhtJsonExtensions), typeof(SignedItemExtensions), typeof(DhtValue), typeof(NodeId), typeof(UdpEndpoint),
        typeof(KadNodeServiceCollectionExtensions), typeof(UdpKadNodeBuilderExtensions), typeof(SqliteKadNodeBuilderExtensions),
    ];

    [Theory]
    [MemberData(nameof(Surfaces))]
    public async Task Static_calls_name_the_argument_that_is_null(Type surface) => Assert.NotEqual(
        0, await NullArguments.CheckAsync(surface, null, KadNode.CreateBuilder(), Array.Empty<UdpEndpoint>(), new UdpTransportOptions()));

    [Fact]
    public async Task An_owner_names_the_argument_that_is_null() =>
        Assert.NotEqual(0, await NullArguments.CheckAsync(typeof(ItemSigner), SignedItems.Owner.ToSigner()));

    [Fact]
    public void A_null_among_the_bootstrap_nodes_is_refused_in_a_sentence()
    {
        var refused = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => new ServiceCollection()
            .AddKadNode(options => options.Bootstrap.Add(null!)).UseUdp("127.0.0.1:0").Services.BuildServiceProvider().GetRequiredService<KadNode>());
        Assert.Contains("Bootstrap: '' is not HOST:PORT", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_no_Unicode_is_neither_a_salt_nor_signed()
    {
        var owner = SignedItems.Owner.ToSigner();
        var salt = await Assert.ThrowsAsync<ArgumentException>(async () => await owner.SignAsync("\ud800", 1, "text"));
        Assert.Equal(("The salt has half of a surrogate pair; Unicode text is needed. (Parameter 'salt')", "salt"), (salt.Message, salt.ParamName));
        var text = await Assert.ThrowsAsync<ArgumentException>(async () => await owner.SignAsync("salt", 1, "\ud800"));
        Assert.Equal("The text has half of a surrogate pair; Unicode text is needed. (Parameter 'text')", text.Message);
    }

    [Fact]
    public void A_text_that_is_no_Unicode_is_neither_a_value_nor_a_key()
    {
        const string Half = "a\ud800b";
        Refused("value", () => (DhtValue)Half);
        Refused("text", () => DhtValue.FromString(Half));
        Refused("key", () => NodeId.FromKey(Half));

        static void Refused(string name, Func<object?> call) => Assert.Equal(
            $"The {name} has half of a surrogate pair; Unicode text is needed. (Parameter '{name}')", Assert.Throws<ArgumentException>(name, call).Message);
    }

    [Fact]
    public async Task Bytes_that_are_no_bencode_are_refused_with_what_makes_it()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await SignedItems.Owner.ToSigner().SignAsync(default, 1, "raw"u8.ToArray()));
        Assert.EndsWith("Item.EncodeBytes makes one of any bytes.", refused.Message, StringComparison.Ordinal);
    }
}
