namespace KadOrleans.Server;

/// <summary>
/// A storage that <c>Kad:Storage</c> and <c>Kad:Clustering</c> may name. It translates its own settings into those of Orleans' providers. A part of
/// a cluster is named by Orleans' section: <see cref="OrleansSettings.Clustering"/>, <see cref="OrleansSettings.Storage"/>,
/// <see cref="OrleansSettings.Reminders"/>, or one below <see cref="OrleansSettings.Directories"/>.
/// </summary>
internal interface IStorageProvider
{
    /// <summary>The name in settings; its case does not matter. Each provider has another one.</summary>
    string Name { get; }

    /// <summary>What others call it in settings of theirs: Orleans' types of providers, Aspire's resources. Their case does not matter either.</summary>
    IReadOnlyList<string> OtherNames => [];

    /// <summary>The section with settings of its own, which it reads by <see cref="KadSettings.ReadSection"/>. Null: it has none.</summary>
    SettingSection? Section => null;

    /// <summary>
    /// The name of its client's library, which is that of its exceptions' namespace, its meter and its activity source. Null: its exceptions stay in a
    /// silo, and it has neither.
    /// </summary>
    string? ClientLibrary => null;

    /// <summary>Categories that log what the edge says itself of an outage, for each connection.</summary>
    IReadOnlyList<string> NoisyCategories => [];

    /// <summary>Whether reminders that it acknowledged may be gone.</summary>
    bool MayForgetReminders => false;

    /// <summary>Why it cannot keep a part, as the end of a sentence that begins with setting and name. Null: it can.</summary>
    string? FindObstacle(string section);

    /// <summary>Where the grains' state is, as people read it.</summary>
    string Describe(KadOptions options) => Name;

    /// <summary>Whether a setting means it by a name.</summary>
    bool IsMeantBy(string name) => OtherNames.Prepend(Name).Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks its own settings beyond their types, also if nothing is on it: what is wrong shows before it is chosen.</summary>
    /// <exception cref="OptionsValidationException">One is wrong. The message is one sentence that names it.</exception>
    void CheckSettings(IConfiguration configuration)
    {
    }

    /// <summary>Adds Orleans' settings of one part. A client, such as an edge, has clustering alone.</summary>
    /// <exception cref="OptionsValidationException">A setting is missing or wrong. The message is one sentence that names it.</exception>
    void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo);

    /// <summary>
    /// Adds the connections of one part that Orleans' provider takes from the services, by the configuration with the added settings.
    /// </summary>
    /// <exception cref="OptionsValidationException">A connection cannot be used. The message is one sentence without secrets.</exception>
    void AddConnections(IServiceCollection services, IConfiguration configuration, string section)
    {
    }

    /// <summary>What a start failed by, if this storage's client threw the exception. Null: it did not.</summary>
    StorageFault? Explain(Exception cause) => null;

    /// <summary>Tries, before a silo starts, what it uses of this storage.</summary>
    /// <exception cref="OptionsValidationException">It lacks what a silo needs.</exception>
    Task CheckAsync(IServiceProvider services) => Task.CompletedTask;
}
