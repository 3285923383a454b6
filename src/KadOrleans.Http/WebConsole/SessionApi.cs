using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Http;

internal static class SessionApi
{
    private const string Path = "/session";
    private const string Missing = """The token is missing; {"token":…} is needed.""";
    private const string Over = "The sign-in is over, or began in another browser; begin it again.";

    // A token has 68 characters.
    private const int MaxBodyBytes = 1_024;

    public static void Map(RouteGroupBuilder console)
    {
        var session = console.MapGroup(string.Empty);
        session.AddEndpointFilter(((IEndpointRouteBuilder)console).ServiceProvider.GetRequiredService<ProblemFilter>());
        session.MapPost(Path, BeginAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        session.MapGet(Path, Describe).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
        session.MapGet("/provider", (HttpContext context) => new Provider(context.RequestServices.GetService<IIdentityProvider>()?.Name));
        session.MapGet("/sign-in", BeginSignInAsync);
        session.MapDelete(Path, End).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
    }

    private static async Task<SessionDescription> BeginAsync(
        HttpContext context, ApiTokens tokens, BrowserSessions sessions, BrowserSignIn users, ConsoleSubject subject)
    {
        // A form of another site has another type, so it cannot log a browser in.
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.MediaType != ValueBody.Json)
        {
            throw new ApiProblemException(StatusCodes.Status415UnsupportedMediaType, $"The content type is '{VisibleText.Excerpt(context.Request.ContentType ?? string.Empty)}'; {ValueBody.Json} is needed.");
        }

        var json = await Body.ReadJsonAsync(context, Missing, "token", "code");
        var token = json.Text("code") is { } code ? UserOf(code) : TokenOf(json.Text("token")?.Trim() ?? throw ApiProblemException.Wrong(Missing));
        if (!token.Scopes.Contains(ApiScope.View))
        {
            TokenAuthentication.DescribeLack(context.Response, ApiScope.View);
            throw new ApiProblemException(ProblemType.MissingScope, ApiScope.LackOf(token, ApiScope.View));
        }

        var (cookie, proof, session) = sessions.Begin(token, SessionCookie.Read(context.Request));
        SessionCookie.Write(context, cookie);
        return SessionDescription.Of(token, session, subject, proof);

        ApiToken TokenOf(string secret)
        {
            if (tokens.TryFind(secret, out var token))
            {
                return token;
            }

            TokenAuthentication.DescribeUnknown(context.Response);
            throw new ApiProblemException(ProblemType.UnknownToken, "The token is not one of this server's.");
        }

        SignedInUser UserOf(string code) =>
            users.TryTake(context, code, out var user) ? user : throw new ApiProblemException(ProblemType.SessionEnded, Over);
    }

    // Leads a browser to the identity provider.
    private static Task BeginSignInAsync(HttpContext context) =>
        context.RequestServices.GetService<IIdentityProvider>() is { Name: not null } provider
            ? provider.BeginAsync(context)
            : throw ApiProblemException.Missing("This server has no identity provider; a token is needed.");

    private static SessionDescription Describe(HttpContext context, ConsoleSubject subject) => TokenAuthentication.SessionOf(context) is { } session
        ? SessionDescription.Of(TokenAuthentication.TokenOf(context), session, subject)
        : throw ApiProblemException.Wrong("A request with a token has no session.");

    private static NoContent End(HttpContext context, BrowserSessions sessions)
    {
        sessions.End(SessionCookie.Read(context.Request));
        SessionCookie.Remove(context);
        return TypedResults.NoContent();
    }

    /// <summary>Where users sign in beside those who have a token. Null: nowhere.</summary>
    private sealed record Provider(string? Name);

    /// <summary>A session, as its pages know it. The login alone tells the proof, which each later request has in a header.</summary>
    private sealed record SessionDescription(
        string Name,
        IReadOnlyList<string> Scopes,
        DateTimeOffset EndsAt,
        ConsoleSubject Subject,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Proof)
    {
        public static SessionDescription Of(ApiToken token, BrowserSession session, ConsoleSubject subject, string? proof = null) =>
            new(token.Name, token.Scopes, session.EndsAt, subject, proof);
    }
}
