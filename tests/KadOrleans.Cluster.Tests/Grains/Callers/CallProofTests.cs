using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class CallProofTests
{
    private const string Identity = "127.0.0.1:11111@5";

    private static readonly string Digits = ClusterKey.Create();
    private static readonly ClusterKey Key = ClusterKey.Parse(Digits);

    [Fact]
    public void A_proof_is_of_its_key_and_its_identity()
    {
        var proof = CallProof.OfSilo(Key, Identity);
        Assert.True(CallProof.TryRead(proof, out var claim));
        Assert.Equal(Identity, claim.Identity);
        Assert.True(CallProof.IsOf(Key, claim, proof));
        Assert.False(CallProof.IsOf(ClusterKey.Parse(ClusterKey.Create()), claim, proof));
        Assert.DoesNotContain(Digits, proof, StringComparison.OrdinalIgnoreCase);

        // No character of it can be changed.
        foreach (var i in Enumerable.Range(0, proof.Length))
        {
            var other = $"{proof[..i]}{(proof[i] == '1' ? '2' : '1')}{proof[(i + 1)..]}";
            Assert.False(CallProof.TryRead(other, out var forged) && CallProof.IsOf(Key, forged, other), other);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("silo/")]
    [InlineData("silo/no hash")]
    [InlineData("client/x/00")]
    [InlineData("edge/x/00")]
    [InlineData("Silo/x/00")]
    public void What_is_no_proof_is_not_read(string text) => Assert.False(CallProof.TryRead(text, out _));

    [Fact]
    public void A_long_text_is_not_hashed() => Assert.False(CallProof.TryRead(CallProof.OfSilo(Key, new string('1', 300)), out _));

    // The runtime sends the context of its own frame back with a response.
    [Fact]
    public async Task What_a_filter_takes_out_is_gone_from_the_frame_that_called_it_too()
    {
        var silo = new SiloIdentity(
            Options.Create(new SiloOptions()),
            Options.Create(new ClusterOptions()),
            Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback, SiloPort = 11111 }));
        var proofs = new CallerProofs(new ClusterKeys(Options.Create(new KadClusterOptions { SiloKey = Digits })), silo, silos: null!);
        RequestContext.Set(CallProof.ContextKey, CallProof.OfSilo(ClusterKey.Parse(ClusterKey.Create()), Identity));
        RequestContext.Set("other", 1);

        Assert.Null(await TakeAsync());
        Assert.Null(RequestContext.Get(CallProof.ContextKey));
        Assert.Equal(1, RequestContext.Get("other"));

        async Task<SiloAddress?> TakeAsync()
        {
            await Task.Yield();
            return proofs.TakeSilo();
        }
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null, true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "rojo=1", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 600, false)]
    [InlineData("no trace", null, false)]
    [InlineData(5, null, false)]
    public void Of_what_came_with_a_call_its_trace_alone_stays(object parent, object? state, bool isKept)
    {
        object deep = new object[1];
        for (var i = 0; i < 50_000; i++)
        {
            deep = new[] { deep };
        }

        RequestContext.Set("traceparent", parent);
        RequestContext.Set("tracestate", state is int length ? new string('a', length) : state!);
        RequestContext.Set("baggage", "of somebody");
        RequestContext.Set("deep", deep);
        RequestContext.Set("#CCR", Guid.NewGuid());
        CallContext.Clear();
        Assert.Equal(isKept ? ["traceparent", "tracestate"] : [], RequestContext.Keys.Order(StringComparer.Ordinal));
        RequestContext.Clear();
    }
}
