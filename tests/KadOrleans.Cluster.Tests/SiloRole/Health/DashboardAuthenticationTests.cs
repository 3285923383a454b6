using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class DashboardAuthenticationTests
{
    [Theory]
    [InlineData("Basic", "me:secret", true)]
    [InlineData("basic", "me:secret", true)]
    [InlineData("Basic", "me:secret2", false)]
    [InlineData("Basic", "me:", false)]
    [InlineData("Basic", "you:secret", false)]
    [InlineData("Bearer", "me:secret", false)]
    public async Task Only_the_user_with_the_password_passes(string scheme, string credentials, bool passes) =>
        Assert.Equal(passes, await PassesAsync($"{scheme} {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("me:secret")]
    public async Task Anything_else_is_asked_for_the_password(string? header) => Assert.False(await PassesAsync(header));

    [Fact]
    public async Task Endpoints_that_require_nothing_are_open() => Assert.True(await PassesAsync(null, "/open"));

    private static async Task<bool> PassesAsync(string? header, string page = "/restricted")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().AddSingleton(KadSettings.ReadSilo(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Dashboard:User"] = "me",
            ["Kad:Dashboard:Password"] = "secret",
        }).Build()));
        DashboardAuthentication.Add(builder.Services);
        await using var application = builder.Build();
        application.UseAuthentication().UseAuthorization();
        application.MapGet("/restricted", context => context.Response.WriteAsync("seen")).RequireAuthorization();
        application.MapGet("/open", context => context.Response.WriteAsync("seen"));
        await application.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.First()) };
        using var request = new HttpRequestMessage(HttpMethod.Get, page);
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", header);
        }

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Unauthorized]);
        Assert.Equal(answer.StatusCode == HttpStatusCode.Unauthorized, answer.Headers.WwwAuthenticate.Count > 0);
        return answer.IsSuccessStatusCode;
    }
}
