namespace KadOrleans.Http;

/// <summary>
/// The tokens that this process accepts, at <c>/v1/admin/tokens</c>. They are kept in a file, which each process reads for itself, and which
/// a server may only read where it is a Secret: then <c>kad token</c> changes it where it is made.
/// </summary>
internal static class TokenApi
{
    private const string Path = "/tokens";
    private const int MaxBodyBytes = 4_096;

    private const string NotForUsers = "A user of an identity provider makes no tokens, which would outlive the role; a token of this server with the "
        + "scope 'manage' makes them, or 'kad token add' where the file is.";

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, List)
            .WithSummary("Lists the tokens that this process accepts: names, scopes and rates, and why it cannot change them, or the request's token cannot make others.");
        manage.MapPost(Path, AddAsync)
            .WithSummary("Makes a token, with scopes that the request's own token has, and shows it this once. The file keeps its hash.")
            .WithBody<TokenBody>(MaxBodyBytes, ValueBody.Json)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);
        manage.MapDelete(Path + "/{name}", RemoveAsync)
            .WithSummary("Ends a token of the file: it is refused from now on, and its sessions in browsers end.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static TokensResult List(HttpContext context, ApiTokens tokens)
    {
        var file = context.RequestServices.GetService<TokenFile>();
        return new TokensResult(
            file?.Path,
            ObstacleOf(file),
            TokenAuthentication.TokenOf(context) is SignedInUser ? NotForUsers : null,
            [
                .. tokens.All.Select(token => new TokenResult(
                    token.Name,
                    token.Scopes,
                    token.RequestsPerSecond,
                    token.Sha256 == TokenAuthentication.TokenOf(context).Sha256,
                    file?.Has(token) == true)),
            ]);
    }

    private static async Task<MadeToken> AddAsync(HttpContext context, ILoggerFactory loggers, AuditLog audit)
    {
        var own = TokenAuthentication.TokenOf(context);
        if (own is SignedInUser)
        {
            throw new ApiProblemException(ProblemType.NotForUsers, NotForUsers);
        }

        var json = await Body.ReadJsonAsync(
            context, """The body is no object; {"name":…,"scopes":["read"]} is needed.""", "name", "scopes", "requestsPerSecond");
        var name = json.Text("name") ?? string.Empty;
        var scopes = ScopesOf(json);
        if (scopes.Except(own.Scopes).FirstOrDefault() is { } more)
        {
            throw new ApiProblemException(
                StatusCodes.Status403Forbidden,
                $"The scope '{VisibleText.Excerpt(more)}' is none of your token's, which has {string.Join(", ", own.Scopes)}; "
                + "a token gives no more than it has.");
        }

        var rate = json.TryGetProperty("requestsPerSecond", out var given) && given.ValueKind != JsonValueKind.Null
            ? Requested.Number<int>("requestsPerSecond", given.GetRawText(), $"1 to {ApiToken.MaxRate} is allowed")
            : ApiToken.DefaultRate;
        var (secret, token) = ApiToken.Create(name, scopes, rate);
        return await audit.RunAsync(
            context,
            "make token",
            name,
            () =>
            {
                Change(context, file => file.Add(token, loggers.CreateLogger<TokenFile>()));
                return Task.FromResult(new MadeToken(name, scopes, rate, secret));
            },
            static made => $"made, with {string.Join(", ", made.Scopes)}");
    }

    private static Task<EndedToken> RemoveAsync(string name, HttpContext context, ILoggerFactory loggers, AuditLog audit, ApiTokens tokens)
    {
        if (tokens.All.All(token => token.Name != name))
        {
            throw ApiProblemException.Missing($"There is no token '{VisibleText.Excerpt(name)}'.");
        }

        return audit.RunAsync(
            context,
            "end token",
            name,
            () =>
            {
                Change(context, file => file.Remove(name, loggers.CreateLogger<TokenFile>()));
                return Task.FromResult(new EndedToken(name));
            },
            static _ => "ended");
    }

    private static void Change(HttpContext context, Action<TokenFile> change)
    {
        var file = context.RequestServices.GetService<TokenFile>();
        if (ObstacleOf(file) is { } obstacle)
        {
            throw new ApiProblemException(StatusCodes.Status409Conflict, obstacle);
        }

        try
        {
            change(file!);
        }
        catch (TokenFileException e)
        {
            throw new ApiProblemException(StatusCodes.Status409Conflict, e.Message);
        }
        catch (Microsoft.Extensions.Options.OptionsValidationException e)
        {
            throw new ApiProblemException(StatusCodes.Status409Conflict, e.Failures.First());
        }
    }

    private static string? ObstacleOf(TokenFile? file) => file is null
        ? "This server has its own token alone, and no file of tokens: 'kad token add NAME --file tokens.json' makes one, "
        + "which --http-tokens or Kad:Http:Tokens names."
        : file.FindObstacle() is { } obstacle
            ? $"{obstacle} 'kad token add NAME --file tokens.json' and 'kad token remove' change it where it is made; "
            + "docs/manage.md has how, for a Secret too."
            : null;

    private static IReadOnlyList<string> ScopesOf(JsonElement json) =>
        json.TryGetProperty("scopes", out var list) && list.ValueKind == JsonValueKind.Array
        && list.EnumerateArray().All(scope => scope.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(scope => scope.GetString()!).Distinct()]
            : throw ApiProblemException.Wrong($"scopes is no list; {string.Join(", ", ApiScope.All)} are allowed.");

    /// <summary>A request, for the document.</summary>
    private sealed record TokenBody(string Name, IReadOnlyList<string> Scopes, int? RequestsPerSecond);

    /// <summary>
    /// The tokens by name, the file that has them, why this process cannot change it, and why the request's own token makes no others though it
    /// may manage. The file is null if there is none.
    /// </summary>
    private sealed record TokensResult(string? File, string? Obstacle, string? MakingObstacle, IReadOnlyList<TokenResult> Tokens);

    /// <summary>A token without its secret, which is kept nowhere. Yours is the one of the request. A node's own is in no file.</summary>
    private sealed record TokenResult(string Name, IReadOnlyList<string> Scopes, int RequestsPerSecond, bool IsYours, bool IsInFile);

    private sealed record MadeToken(string Name, IReadOnlyList<string> Scopes, int RequestsPerSecond, string Token);

    private sealed record EndedToken(string Name);
}
