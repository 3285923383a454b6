namespace KadOrleans.Http;

/// <summary>Who may use the API, the management and the console, and under which names browsers find them.</summary>
public sealed class KadHttpOptions
{
    /// <summary>
    /// The file of tokens: JSON that <c>kad token add</c> writes, at most 1 MiB. It is needed, as nothing is served without a token. It is
    /// read again while the process runs.
    /// </summary>
    public string? Tokens { get; set; }

    /// <summary>
    /// Whether the console is served, to whoever has a token with the scope <c>view</c>. Default: true. It needs an <c>IDhtAdmin</c>, which a
    /// silo and a node have.
    /// </summary>
    public bool Console { get; set; } = true;

    /// <summary>
    /// The host names that requests may use besides IP addresses and localhost, so that no page of others reaches the API under a name of its
    /// own; behind <c>https://</c> those that a proxy serves by HTTPS. Default: none.
    /// </summary>
    public IList<string> Hosts { get; } = [];
}

/// <summary>Finds options that are missing or wrong. Each problem is one sentence.</summary>
internal sealed class KadHttpOptionsValidator(IServiceProviderIsService services) : IValidateOptions<KadHttpOptions>
{
    public const string TokensName = $"{nameof(KadHttpOptions)}.{nameof(KadHttpOptions.Tokens)}";
    public const string HostsName = $"{nameof(KadHttpOptions)}.{nameof(KadHttpOptions.Hosts)}";

    public ValidateOptionsResult Validate(string? name, KadHttpOptions options)
    {
        List<string> problems = [];
        if (string.IsNullOrWhiteSpace(options.Tokens))
        {
            problems.Add($"{TokensName} is missing; a file of tokens is needed, which 'kad token add' writes.");
        }

        problems.AddRange(options.Hosts.Where(host => !HostNames.IsEntry(host ?? string.Empty))
            .Select(host => $"{HostsName} has {KadSettings.Quote(host ?? string.Empty)}; {HostNames.Needed}."));
        if (!services.IsService(typeof(IDht)))
        {
            problems.Add("AddKadHttp needs IDht; AddKadClient() adds it to an Orleans client or silo, and AddKadNode(…) with a node.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
