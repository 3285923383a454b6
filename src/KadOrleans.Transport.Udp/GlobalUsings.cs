global using System.Net.Sockets;
global using KadOrleans.Core;
global using Microsoft.Extensions.Logging;
