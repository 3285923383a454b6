using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>A small identity provider on loopback: what it says of itself, its keys, and the code flow with PKCE for one user.</summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string Client = "kad-console";
    public const string Secret = "the client's secret";
    public const string Audience = "api://kad";

    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, (string Challenge, string Nonce)> _codes = new();
    private int _pushed;

    private TestProvider(WebApplication application) => _application = application;

    public RsaSecurityKey Key { get; private set; } = NewKey();

    /// <summary>The roles of the user that signs in.</summary>
    public string[] Roles { get; set; } = ["kad-view", "kad-manage"];

    public string Subject { get; set; } = "248289";

    /// <summary>Its name; null if the provider says none.</summary>
    public string? UserName { get; set; } = "anna@example.org";

    /// <summary>The claim with the roles.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>The authorizations that were pushed (RFC 9126): calls under the client's secret.</summary>
    public int Pushed => _pushed;

    public string Authority => _application.Urls.First();

    public static async Task<TestProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var application = builder.Build();
        var provider = new TestProvider(application);
        application.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = provider.Authority,
            ["jwks_uri"] = $"{provider.Authority}/keys",
            ["authorization_endpoint"] = $"{provider.Authority}/authorize",
            ["token_endpoint"] = $"{provider.Authority}/token",
            ["pushed_authorization_request_endpoint"] = $"{provider.Authority}/pushed",
            ["response_types_supported"] = new[] { "code" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        }));
        application.MapGet("/keys", provider.Keys);
        application.MapGet("/authorize", provider.Authorize);
        application.MapPost("/token", provider.ExchangeAsync);
        application.MapPost("/pushed", provider.Push);
        await application.StartAsync();
        return provider;
    }

    public void ChangeKey() => Key = NewKey();

    public static RsaSecurityKey NewKey() => new(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("N") };

    /// <summary>An access token of the user, which may be wrong in something.</summary>
    public string Token(
        string[]? roles = null, string? issuer = null, string? audience = null, RsaSecurityKey? key = null, bool isSigned = true, int minutes = 10) =>
        Create(issuer ?? Authority, audience ?? Audience, roles ?? Roles, isSigned ? key ?? Key : null, minutes, type: "at+jwt");

    /// <summary>An ID token, as a client gets it that signs the user in.</summary>
    public string IdToken() => TokenOf("JWT", ("nonce", "n-0S6_WzA2Mj"));

    /// <summary>A token of some type for the client, with more claims; those named <c>header:…</c> are in its header.</summary>
    public string TokenOf(string? type, params (string Name, object Value)[] more) => Create(Authority, Client, Roles, Key, minutes: 10, type, more);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private IResult Keys()
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(Key.Rsa.ExportParameters(false)) { KeyId = Key.KeyId });
        return Results.Json(new { keys = new[] { new { kty = key.Kty, kid = key.Kid, use = "sig", alg = "RS256", n = key.N, e = key.E } } });
    }

    private IResult Push()
    {
        Interlocked.Increment(ref _pushed);
        return Results.Json(new { request_uri = "urn:example:pushed", expires_in = 60 }, statusCode: StatusCodes.Status201Created);
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query;
        Assert.Equal(
            ("code", "S256", Client), ((string?)query["response_type"], (string?)query["code_challenge_method"], (string?)query["client_id"]));
        var code = Guid.NewGuid().ToString("N");
        _codes[code] = (query["code_challenge"]!, query["nonce"]!);
        return Results.Redirect(QueryHelpers.AddQueryString(
            query["redirect_uri"]!, new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"] }));
    }

    private async Task<IResult> ExchangeAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        return _codes.TryRemove(form["code"]!, out var asked)
            && asked.Challenge == Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]!)))
            && (form["client_id"], form["client_secret"]) == (Client, Secret)
            ? Results.Json(new { access_token = "none", token_type = "Bearer", id_token = Create(Authority, Client, Roles, Key, 10, "JWT", ("nonce", asked.Nonce)) })
            : Results.BadRequest(new { error = "invalid_grant" });
    }

    private string Create(
        string issuer, string audience, string[] roles, RsaSecurityKey? key, int minutes, string? type, params (string Name, object Value)[] more)
    {
        var claims = new Dictionary<string, object> { ["sub"] = Subject, [RolesClaim] = roles.Length == 1 ? roles[0] : roles };
        if (UserName is { } name)
        {
            claims["preferred_username"] = name;
        }

        const string header = "header:";
        foreach (var (claim, value) in more.Where(one => !one.Name.StartsWith(header, StringComparison.Ordinal)))
        {
            claims[claim] = value;
        }

        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Claims = claims,
            TokenType = type,
            AdditionalHeaderClaims = more.Where(one => one.Name.StartsWith(header, StringComparison.Ordinal))
                .ToDictionary(one => one.Name[header.Length..], one => one.Value),
            IssuedAt = now.AddHours(-2),
            NotBefore = now.AddHours(-2),
            Expires = now.AddMinutes(minutes),
            SigningCredentials = key is null ? null : new SigningCredentials(key, SecurityAlgorithms.RsaSha256),
        });
    }
}
