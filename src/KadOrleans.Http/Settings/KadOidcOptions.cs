namespace KadOrleans.Http;

/// <summary>An identity provider (OpenID Connect) whose users may use API and console: the section <c>Kad:Http:Oidc</c>.</summary>
internal sealed record KadOidcOptions
{
    public const string AuthoritySetting = "Kad:Http:Oidc:Authority";
    public const string AudienceSetting = "Kad:Http:Oidc:Audience";
    public const string ClientIdSetting = "Kad:Http:Oidc:ClientId";

    /// <summary>The provider's address, below which <c>/.well-known/openid-configuration</c> is.</summary>
    public string Authority { get; set; } = string.Empty;

    /// <summary>The audience that access tokens for <c>/v1</c> must have. Null: users have the console alone.</summary>
    public string? Audience { get; set; }

    /// <summary>The console's client at the provider. Null: nobody signs in there by the provider.</summary>
    public string? ClientId { get; set; }

    /// <summary>Its secret, if the provider gave it one. Never printed.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>What the console calls the provider. Null: the host of its address.</summary>
    public string? Name { get; set; }

    /// <summary>The claim with a user's roles: a role or a list. <c>scope</c> and <c>scp</c> may be one text with spaces between them.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>The claim with a user's name, for the audit log. <c>sub</c> is there too, as a name may be given to another user.</summary>
    public string NameClaim { get; set; } = "preferred_username";

    public KadOidcRoles Roles { get; set; } = new();

    /// <summary>Whether the provider is asked in the clear: one on loopback, for trials.</summary>
    public bool IsInClear => Authority.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    internal void Check(OptionChecks checks)
    {
        if (Authority.Length == 0)
        {
            checks.Problems.Add($"{AuthoritySetting} is missing; the https:// address of the identity provider is needed.");
        }
        else if (!Uri.TryCreate(Authority, UriKind.Absolute, out var url) || url is not { Query: "", Fragment: "", UserInfo: "" }
            || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            checks.Add("Http:Oidc:Authority", Authority, "the https:// address of the identity provider is needed, such as "
                + "https://login.example.org/realms/kad; http:// is allowed on loopback");
        }

        if (Audience is null && ClientId is null)
        {
            checks.Problems.Add($"{AudienceSetting} and {ClientIdSetting} are missing; the first is needed for /v1, the second for the console.");
        }

        if (ClientId is null && ClientSecret is not null)
        {
            checks.Problems.Add($"{ClientIdSetting} is missing; Kad:Http:Oidc:ClientSecret is given, and the client is needed whose secret that is.");
        }
    }
}

/// <summary>The roles at the provider that give each scope. One role may give several.</summary>
internal sealed record KadOidcRoles
{
    public string Read { get; set; } = "kad-read";

    public string Write { get; set; } = "kad-write";

    public string View { get; set; } = "kad-view";

    public string Manage { get; set; } = "kad-manage";

    public string Keep { get; set; } = "kad-keep";

    /// <summary>The scopes that roles give.</summary>
    public IReadOnlyList<string> ScopesOf(IReadOnlyCollection<string> roles) =>
        [.. new[] { (Read, ApiScope.Read), (Write, ApiScope.Write), (View, ApiScope.View), (Manage, ApiScope.Manage), (Keep, ApiScope.Keep) }
            .Where(pair => roles.Contains(pair.Item1)).Select(pair => pair.Item2)];
}
