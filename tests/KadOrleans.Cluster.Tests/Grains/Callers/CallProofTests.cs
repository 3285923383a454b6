using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class CallProofTests
{
    private const string Key = "a key of the test";
    private const string Identity = "127.0.0.1:11111@5";

    [Fact]
    public void A_proof_is_of_its_key_its_role_and_its_identity()
    {
        var proof = CallProof.OfSilo(Key, Identity);
        Assert.True(CallProof.TryRead(proof, out var claim));
        Assert.Equal((Callers.Silos, Identity), (claim.Caller, claim.Identity));
        Assert.True(CallProof.IsOf(Key, claim, proof));
        Assert.False(CallProof.IsOf("another key of it", claim, proof));
        Assert.DoesNotContain(Key, proof, StringComparison.Ordinal);
        Assert.True(CallProof.TryRead(CallProof.OfEdge(Key, Identity), out var edge));
        Assert.Equal(Callers.Edges, edge.Caller);

        // No character of it can be changed, nor what is claimed exchanged.
        foreach (var i in Enumerable.Range(0, proof.Length))
        {
            var other = $"{proof[..i]}{(proof[i] == '1' ? '2' : '1')}{proof[(i + 1)..]}";
            Assert.False(CallProof.TryRead(other, out var forged) && CallProof.IsOf(Key, forged, other), other);
        }

        var exchanged = CallProof.OfEdge(Key, Identity).Replace("edge/", "silo/", StringComparison.Ordinal);
        Assert.True(CallProof.TryRead(exchanged, out var claimed));
        Assert.False(CallProof.IsOf(Key, claimed, exchanged));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("silo/")]
    [InlineData("silo/no hash")]
    [InlineData("client/x/00")]
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
        var proofs = new CallerProofs(
            Options.Create(new KadClusterOptions { EdgeKey = Key }), Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback }), silo, silos: null!);
        RequestContext.Set(CallProof.ContextKey, CallProof.OfEdge(Key, Identity));
        RequestContext.Set(EdgeKey.ContextKey, Key);
        RequestContext.Set("other", 1);

        Assert.Equal(Callers.Edges, await TakeAsync());
        Assert.Null(RequestContext.Get(CallProof.ContextKey));
        Assert.Null(RequestContext.Get(EdgeKey.ContextKey));
        Assert.Equal(1, RequestContext.Get("other"));

        async Task<Callers> TakeAsync()
        {
            await Task.Yield();
            return proofs.TakeCaller();
        }
    }
}
