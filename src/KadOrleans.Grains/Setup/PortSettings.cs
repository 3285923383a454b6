namespace KadOrleans.Grains;

/// <summary>How whoever runs the silo knows what its ports are set by. The default is that of a host of one's own.</summary>
internal sealed record PortSettings
{
    public PortSetting Silo { get; init; } = new("EndpointOptions.SiloPort");

    public PortSetting Gateway { get; init; } = new("EndpointOptions.GatewayPort");

    public string Address { get; init; } = "EndpointOptions.AdvertisedIPAddress";

    /// <summary>What is allowed in place of a port that is in use.</summary>
    public string Allowed { get; init; } = "a free port is needed";
}

/// <summary>The name of a port's setting, and whether the number was chosen by the program.</summary>
internal readonly record struct PortSetting(string Name, bool IsChosen = false);
