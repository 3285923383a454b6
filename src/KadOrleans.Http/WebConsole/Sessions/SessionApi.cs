using System.Text.Json;
using KadOrleans.Http.Access;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http.WebConsole.Sessions;

/// <summary>Begins, describes and ends the session of a browser.</summary>
internal static class SessionApi
{
    private const string Path = "/session";

    // A token has 68 characters.
    private const int MaxBodyBytes = 1_024;

    /// <summary>Adds the endpoints to the group of the console.</summary>
    public static void Map(RouteGroupBuilder console)
    {
        var session = console.MapGroup(string.Empty);
        session.AddEndpointFilter(((IEndpointRouteBuilder)console).ServiceProvider.GetRequiredService<ProblemFilter>());
        session.MapPost(Path, BeginAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        session.MapGet(Path, Describe).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
        session.MapDelete(Path, End)
            .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View))
            .AddEndpointFilter(new SessionProof());
    }

    private static async Task<IResult> BeginAsync(HttpContext context, ApiTokens tokens, BrowserSessions sessions)
    {
        // A form of another site has another type, so it cannot log a browser in.
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.MediaType != ValueBody.Json)
        {
            return ApiProblem.Create(StatusCodes.Status415UnsupportedMediaType, $"The content type of a login is {ValueBody.Json}.");
        }

        var json = Body.Parse(await Body.ReadAsync(context.Request, MaxBodyBytes));
        var secret = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("token", out var given) && given.ValueKind == JsonValueKind.String
            ? given.GetString()!.Trim()
            : throw ApiProblemException.Wrong("""The token is missing; {"token":…} is needed.""");
        if (!tokens.TryFind(secret, out var token))
        {
            return ApiProblem.Create(StatusCodes.Status401Unauthorized, "The token is not one of this server's.");
        }

        if (!token.Scopes.Contains(ApiScope.View))
        {
            return ApiProblem.Create(
                StatusCodes.Status403Forbidden,
                $"The token '{token.Name}' lacks the scope '{ApiScope.View}'; it has {string.Join(", ", token.Scopes)}.");
        }

        if (SessionCookie.Read(context.Request) is { } former)
        {
            sessions.End(former);
        }

        var (cookie, session) = sessions.Begin(token);
        SessionCookie.Write(context, cookie);
        return Show(context, session);
    }

    private static IResult Describe(HttpContext context) => TokenAuthentication.SessionOf(context) is { } session
        ? Show(context, session)
        : ApiProblem.Create(StatusCodes.Status400BadRequest, "A request with a token has no session.");

    private static NoContent End(HttpContext context, BrowserSessions sessions)
    {
        if (SessionCookie.Read(context.Request) is { } secret)
        {
            sessions.End(secret);
        }

        SessionCookie.Remove(context);
        return TypedResults.NoContent();
    }

    private static Ok<SessionDescription> Show(HttpContext context, BrowserSession session)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new SessionDescription(session.Token.Name, session.Token.Scopes, session.Proof, session.EndsAt));
    }

    /// <summary>A session, as its pages know it.</summary>
    /// <param name="Name">The name of the token.</param>
    /// <param name="Scopes">What it allows.</param>
    /// <param name="Proof">The content of the header of changes.</param>
    /// <param name="EndsAt">The session's end.</param>
    private sealed record SessionDescription(string Name, IReadOnlyList<string> Scopes, string Proof, DateTimeOffset EndsAt);
}
