namespace KadOrleans.Http;

/// <summary>An identity provider, whose users may use API and console beside those who have a token of this server.</summary>
internal interface IIdentityProvider
{
    /// <summary>What the console calls it; null if nobody signs in there by it.</summary>
    string? Name { get; }

    /// <summary>Finds whose bearer token a request has.</summary>
    Task<FoundUser> FindUserAsync(HttpContext context);

    /// <summary>Sends a browser to the provider. It ends by <see cref="BrowserSignIn.Complete"/>.</summary>
    Task BeginAsync(HttpContext context);
}

/// <summary>A user by a token of the provider, or one sentence that says why there is none.</summary>
/// <param name="User">Null if there is none.</param>
/// <param name="Problem">Why.</param>
/// <param name="IsUnavailable">Whether that is because the provider does not respond.</param>
internal sealed record FoundUser(SignedInUser? User, string? Problem = null, bool IsUnavailable = false);

/// <summary>A user of an identity provider, with the scopes of its roles, until a time. It has none where it has no role.</summary>
/// <param name="Name">For the audit log and for sentences, by <see cref="NameOf"/>.</param>
/// <param name="Id">The digest of provider and subject, which no other user has.</param>
/// <param name="Scopes">Some of <see cref="ApiScope"/>.</param>
/// <param name="EndsAt">When what proved it ends.</param>
internal sealed record SignedInUser(string Name, string Id, IReadOnlyList<string> Scopes, DateTimeOffset EndsAt) : ApiToken(Name, Id, Scopes)
{
    // The audit log cuts off what is beyond 256 characters.
    private const int MaxShown = 128;
    private const int MaxSubject = 64;

    /// <summary>
    /// What a user is called, in at most 128 visible characters: the name, which may be cut, and behind it the subject in brackets. Some
    /// providers let users edit their names, none the subject: no name hides it. Of a subject above 64 characters it is the digest.
    /// </summary>
    public static string NameOf(string? name, string subject)
    {
        var shown = VisibleText.Show(subject);
        var end = shown.Length <= MaxSubject ? $"({shown})" : $"(sha256:{HashOf(subject)})";
        if (string.IsNullOrWhiteSpace(name))
        {
            return end;
        }

        var (begin, room) = (VisibleText.Show(name), MaxShown - end.Length - 1);
        return begin.Length <= room ? $"{begin} {end}" : $"{begin[..(char.IsHighSurrogate(begin[room - 2]) ? room - 2 : room - 1)]}… {end}";
    }
}
