using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using KadOrleans.Silo.Configuration;

namespace KadOrleans.Silo.Health;

/// <summary>
/// HTTP basic authentication (RFC 7617) before every endpoint that is marked so, if a user is set. It goes by the endpoint
/// that routing chose, not by the path, of which there are many spellings. The password is readable on its way: outside one
/// machine the address belongs behind TLS.
/// </summary>
internal sealed class DashboardAuthentication(RequestDelegate next, SiloSettings settings)
{
    private readonly byte[]? _expected = settings.Dashboard is { } credentials
        ? Hash(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}"))
        : null;

    /// <summary>Answers 401, or passes the request on.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var isRestricted = context.GetEndpoint()?.Metadata.GetMetadata<RequiresDashboardCredentials>() is not null;
        if (!isRestricted || _expected is null || IsAllowed(context.Request.Headers.Authorization, _expected))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"KadOrleans\", charset=\"UTF-8\"";
        return Task.CompletedTask;
    }

    // Hashes have one length, so the comparison tells nothing of the password's.
    private static bool IsAllowed(string? header, byte[] expected)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out var value)
            || !value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var given = new byte[value.Parameter?.Length ?? 0];
        return Convert.TryFromBase64String(value.Parameter ?? string.Empty, given, out var length)
            && CryptographicOperations.FixedTimeEquals(Hash(given.AsSpan(0, length)), expected);
    }

    private static byte[] Hash(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes);
}
