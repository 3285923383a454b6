using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Http;

public sealed class BodyBudgetTests(ApiHost host) : IClassFixture<ApiHost>
{
    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task A_token_that_has_its_part_refuses_itself_alone_and_what_manages_is_not_counted()
    {
        var budget = new BodyBudget();
        await using var services = new ServiceCollection().AddSingleton(budget).BuildServiceProvider();
        var (token, other) = (ApiToken.Create("one", ApiScope.All).Token, ApiToken.Create("other", ApiScope.All).Token);
        budget.For(ContextOf(token))!.Reserve(BodyBudget.MaxBytesOfToken - 1);

        var refused = await Assert.ThrowsAsync<ApiProblemException>(() => Body.ReadAsync(ContextOf(token)));
        Assert.Equal((StatusCodes.Status503ServiceUnavailable, ApiProblemException.Busy), (refused.Status, refused.Reason));
        Assert.Equal(2, (await Body.ReadAsync(ContextOf(other))).Length);
        var managing = ContextOf(token);
        managing.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new RequestSizeLimitAttribute(Body.MaxFieldBytes)), "managing"));
        Assert.Equal(2, (await Body.ReadAsync(managing)).Length);

        DefaultHttpContext ContextOf(ApiToken of) => new()
        {
            RequestServices = services,
            User = new(new TokenIdentity(of, session: null)),
            Request = { Body = new MemoryStream([1, 2]) },
        };
    }

    [Fact]
    public void Bodies_of_all_requests_under_way_are_bounded_together()
    {
        var budget = new BodyBudget();
        var parts = Enumerable.Range(0, BodyBudget.MaxBytes / BodyBudget.MaxBytesOfToken)
            .Select(_ => For(ApiToken.Create("one", ApiScope.All).Token)).ToList();
        parts.ForEach(part => part.Reserve(BodyBudget.MaxBytesOfToken));

        var (next, token) = (ApiToken.Create("next", ApiScope.All).Token, ApiToken.Create("last", ApiScope.All).Token);
        Assert.Throws<ApiProblemException>(() => For(next).Reserve(1));
        parts[0].Dispose();
        For(next).Reserve(1);
        var last = For(token);
        last.Reserve(BodyBudget.MaxBytesOfToken - 1);
        Assert.Throws<ApiProblemException>(() => For(token).Reserve(2));
        last.Dispose();
        For(token).Reserve(2);

        BodyBudget.Part For(ApiToken of) => budget.For(new DefaultHttpContext { User = new(new TokenIdentity(of, session: null)) })!;
    }

    [Fact]
    public void A_body_comes_at_a_least_rate()
    {
        var kestrel = new KestrelServerOptions();
        kestrel.ListenWithin(new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"));

        var rate = kestrel.Limits.MinRequestBodyDataRate!;
        Assert.Equal((10_000, TimeSpan.FromSeconds(10)), (rate.BytesPerSecond, rate.GracePeriod));
    }

    [Fact]
    public async Task A_body_of_more_parts_than_any_request_has_is_refused_before_it_is_parsed() =>
        Assert.Equal(
            "The body has more than 16384 names, values and brackets of JSON, the most allowed.",
            await _api.FailAsync(
                HttpStatusCode.BadRequest, "POST", "/v1/keys:batch", $$"""{"operations":[{{string.Join(',', Enumerable.Repeat("0", 17_000))}}]}"""));

    [Fact]
    public async Task The_largest_batch_has_fewer_parts_than_are_allowed()
    {
        var put = """
            {"op":"put","key":"a","as":"text","wait":"network","life":60,"ifMatch":"\"1\"","ifNoneMatch":null,"idempotencyKey":"a","type":"string","value":"1"}
            """;
        var batch = $$"""{"operations":[{{string.Join(',', Enumerable.Repeat(put, BatchApi.MaxOperations))}}]}""";
        await _api.JsonAsync("POST", "/v1/keys:batch", batch);
        Assert.NotEmpty(_api.Dht.Calls);
    }
}
