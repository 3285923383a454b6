namespace KadOrleans.Lab;

/// <summary>A token for the clients, and the file of it for the servers.</summary>
internal sealed record HistoryTokens(string File, string Secret)
{
    public static HistoryTokens Write(string folder)
    {
        var (secret, token) = ApiToken.Create("histories", [ApiScope.Read, ApiScope.Write, ApiScope.Keep, ApiScope.View, ApiScope.Manage], ApiToken.MaxRate);
        var file = Path.Combine(folder, "tokens.json");
        System.IO.File.WriteAllText(file, ApiTokens.Write([token]));
        return new HistoryTokens(file, secret);
    }
}
