namespace KadOrleans.AzureStorage;

/// <summary>Makes clients at start-up, so that a wrong connection string ends it with a sentence.</summary>
internal static class AzureConnectionString
{
    /// <summary>Makes a client.</summary>
    /// <param name="text">The connection string, a secret.</param>
    /// <param name="create">The client's constructor.</param>
    /// <exception cref="FormatException">The text lacks what the client needs. The message names the setting and says nothing of the text.</exception>
    public static TClient Connect<TClient>(string text, Func<string, TClient> create)
    {
        try
        {
            return create(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // Azure's own message may quote the key.
            throw new FormatException(
                "Kad:Azure:ConnectionString cannot be used; NAME=VALUE pairs with semicolons are needed, as the account's access keys show them.", e);
        }
    }
}
