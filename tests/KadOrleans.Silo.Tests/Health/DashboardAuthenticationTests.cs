using System.Text;
using KadOrleans.Silo.Configuration;
using KadOrleans.Silo.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Silo.Tests.Health;

public sealed class DashboardAuthenticationTests
{
    [Theory]
    [InlineData("Basic", "me:secret", true)]
    [InlineData("basic", "me:secret", true)]
    [InlineData("Basic", "me:secret2", false)]
    [InlineData("Basic", "me:", false)]
    [InlineData("Basic", "you:secret", false)]
    [InlineData("Bearer", "me:secret", false)]
    public async Task Only_the_user_with_the_password_passes(string scheme, string credentials, bool passes)
    {
        var header = $"{scheme} {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}";

        Assert.Equal(passes, await PassesAsync(header, new RequiresDashboardCredentials()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("me:secret")]
    public async Task Anything_else_is_asked_for_the_password(string? header) =>
        Assert.False(await PassesAsync(header, new RequiresDashboardCredentials()));

    [Fact]
    public async Task Endpoints_that_are_not_marked_are_open() => Assert.True(await PassesAsync(null));

    private static async Task<bool> PassesAsync(string? header, params object[] metadata)
    {
        var settings = SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Dashboard:User"] = "me",
            ["Kad:Dashboard:Password"] = "secret",
        }).Build());
        var passed = false;
        var authentication = new DashboardAuthentication(
            _ =>
            {
                passed = true;
                return Task.CompletedTask;
            },
            settings);
        var context = new DefaultHttpContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(metadata), "tested"));
        context.Request.Headers.Authorization = header;

        await authentication.InvokeAsync(context);

        Assert.Equal(passed ? 200 : 401, context.Response.StatusCode);
        return passed;
    }
}
